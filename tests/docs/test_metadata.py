"""The page of node metadata, labels and annotations names exactly what the code reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import msgspec

from meshcompile.node_metadata import NodeMetadata
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "reference" / "metadata.md").read_text()
PACKAGE = ROOT / "src" / "meshcompile"
KEY = re.compile(r"(?!.*\.io/v\d)[a-z0-9.-]+\.io/[A-Za-z0-9._-]+")
OTHER_KEYS = {
    "istio.io/gateway-controller",  # the controllers of GatewayClasses
    "istio.io/mesh-controller",
    "istio.io/unmanaged-gateway",
    "istio.io/ingress-controller",  # the controller of an IngressClass
    "istio.io/unset",  # a runtime key of Envoy that nobody sets
    "kubernetes.io/dockercfg",  # types of Secrets
    "kubernetes.io/dockerconfigjson",
    "kubernetes.io/ssh-auth",
    "kubernetes.io/tls",
    "kubernetes.io/h2c",  # values of appProtocol
    "kubernetes.io/ws",
    "kubernetes.io/wss",
    "istio.io/WaypointBound",  # conditions
    "istio.io/WaypointMissing",
    "registry.istio.io/release",  # the registry of Istio's images
    "istio.io/PROXY",  # a protocol of listeners
}

SPELLINGS = PACKAGE / "analyze" / "annotations.py"


def trees() -> Iterator[ast.AST]:
    """The modules that read labels and annotations; `SPELLINGS` only lists what Istio reads."""
    paths = (path for path in sorted(PACKAGE.rglob("*.py")) if "envoy" not in path.relative_to(PACKAGE).parts)
    return (ast.parse(path.read_text()) for path in paths if path != SPELLINGS)


NODES = [node for tree in trees() for node in ast.walk(tree)]
CONSTANTS = {node.value for node in NODES if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_key_of_node_metadata_is_described() -> None:
    """Every field of NodeMetadata is on the page, under its key."""
    keys = {field.encode_name for field in msgspec.structs.fields(NodeMetadata)}
    assert sorted(key for key in keys if f"| `{key}` |" not in PAGE) == []


def test_every_label_and_annotation_is_described() -> None:
    """Labels and annotations in the code are on the page."""
    keys = {text for text in CONSTANTS if KEY.fullmatch(text)} - OTHER_KEYS
    assert sorted(key for key in keys if f"`{key}`" not in PAGE) == []


def test_every_key_on_the_page_is_read() -> None:
    """Every key in the first column of the tables is in the code."""
    cells = (line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `"))
    named = {key for cell in cells for key in re.findall(r"`([^`]+)`", cell)}
    assert sorted(named - CONSTANTS) == []
