from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import msgspec
import pytest

from meshcompile.node_metadata import NodeMetadata, PodPort, node_metadata, unreadable_metadata
from tests.meshes import mesh, sidecar

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "meshcompile"
KEYS = {field.encode_name for field in msgspec.structs.fields(NodeMetadata)}
PORT = PodPort("http", 8080, "TCP")
PORTS = "a list of ports, each with `name`, `containerPort` and `protocol`"
# The bootstrap copies the metadata, an EnvoyFilter may match any key, and a finding points at one.
READ_RAW = {"resolve/envoy_filters.py", "resolve/proxy_findings.py", "output/bootstrap/surroundings.py"}
# The module that creates the node of a Pod's proxy.
WRITES_KEYS = "proxies.py"
# Keys that are also words with another meaning.
AMBIGUOUS = {"credential", "HTTP10", "NETWORK"}


@pytest.mark.parametrize(
    ("key", "field", "value", "expected"),
    [
        ("DNS_CAPTURE", "dns_capture", "true", True),
        ("DNS_CAPTURE", "dns_capture", "T", True),
        ("DNS_CAPTURE", "dns_capture", True, True),
        ("DNS_CAPTURE", "dns_capture", "0", False),
        ("INSTANCE_IPS", "instance_ips", "10.0.0.1,fd00::1", ("10.0.0.1", "fd00::1")),
        ("REQUESTED_NETWORK_VIEW", "requested_network_view", "", ()),
        ("REQUESTED_NETWORK_VIEW", "requested_network_view", ["a", "b"], ("a", "b")),
        ("ENVOY_STATUS_PORT", "envoy_status_port", 15021, 15021),
        ("ENVOY_STATUS_PORT", "envoy_status_port", "15021", 15021),
        ("HTTP10", "accepts_http_10", "1", True),
        ("HTTP10", "accepts_http_10", "true", False),
        ("POD_PORTS", "pod_ports", '[{"name":"http","containerPort":8080,"protocol":"TCP"}]', (PORT,)),
        ("POD_PORTS", "pod_ports", [{"name": "http", "containerPort": 8080, "protocol": "TCP"}], (PORT,)),
        ("STATIC_LABELS", "static_labels", {"tier": 1}, {"tier": "1"}),
        ("MESH_ID", "mesh_id", None, ""),
    ],
)
def test_a_key_is_read_by_its_type(key: str, field: str, value: Any, expected: object) -> None:
    """Booleans, lists and ports are read from istiod's text forms, and from JSON values."""
    assert getattr(node_metadata({key: value}), field) == expected
    assert list(unreadable_metadata({key: value})) == []


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("DNS_CAPTURE", "yes", "`true` or `false`"),
        ("MESH_ID", {"a": "b"}, "a text"),
        ("ENVOY_STATUS_PORT", "9" * 5000, "a whole number"),
        ("INSTANCE_IPS", {"a": "b"}, "a comma-separated list of strings"),
        ("POD_PORTS", "[{", PORTS),
        ("POD_PORTS", '"http"', PORTS),
        ("POD_PORTS", 8080, PORTS),
        ("POD_PORTS", [{"containerPort": "web"}], PORTS),
        ("PROXY_CONFIG", "{}", "an object"),
        ("ANNOTATIONS", ["a"], "an object with string values"),
    ],
)
def test_a_value_of_the_wrong_type_is_left_out(key: str, value: Any, expected: str) -> None:
    """A value of the wrong type has the field's default, and is reported with the expected type."""
    assert node_metadata({key: value}) == NodeMetadata()
    assert [(found.key, found.expected) for found in unreadable_metadata({key: value})] == [(key, expected)]


def test_a_value_of_the_wrong_type_is_a_finding() -> None:
    """Compiling for the proxy warns about the key."""
    found = [d for d in mesh().compile(sidecar(DNS_CAPTURE="yes")).diagnostics if d.slug == "unreadable-metadata"]
    assert [d.message for d in found] == [
        "client.shop: node metadata `DNS_CAPTURE` must be `true` or `false`: it is left out"
    ]


def test_unknown_keys_are_left_out() -> None:
    """An unknown key causes no exception."""
    assert node_metadata({"OWNER": "kubernetes://apis/apps/v1"}) == NodeMetadata()


def modules() -> dict[str, list[ast.AST]]:
    paths = (path for path in sorted(PACKAGE.rglob("*.py")) if "envoy" not in path.relative_to(PACKAGE).parts)
    return {path.relative_to(PACKAGE).as_posix(): list(ast.walk(ast.parse(path.read_text()))) for path in paths}


MODULES = modules()


def is_raw(node: ast.AST) -> bool:
    """True for `proxy.metadata`, `x.proxy.metadata` and `proxy.flag`."""
    match node:
        case ast.Attribute(value=ast.Name(id="proxy") | ast.Attribute(attr="proxy"), attr="metadata" | "flag"):
            return True
        case _:
            return False


def test_metadata_are_read_through_their_fields() -> None:
    """Only code for unknown keys reads the raw metadata of a proxy."""
    assert {name for name, nodes in MODULES.items() if any(map(is_raw, nodes))} == READ_RAW


def test_one_module_names_the_keys() -> None:
    """The keys of node metadata are in one module, and in the one that creates the nodes of Pods."""
    keys = KEYS - AMBIGUOUS
    named = {
        f"{name}: {node.value}"
        for name, nodes in MODULES.items()
        if name not in ("node_metadata.py", WRITES_KEYS)
        for node in nodes
        if isinstance(node, ast.Constant) and node.value in keys
    }
    assert named == {
        "proxy.py: LABELS",  # must be an object
        "output/bootstrap/surroundings.py: NAMESPACE",
        "cli/ztunnel.py: NAMESPACE",  # an argument of the command
        "ztunnel/authorizations.py: NAMESPACE",  # the scope of a policy, as in the next one
        "ztunnel/policies.py: NAMESPACE",
        "ztunnel/services.py: NAMESPACE",  # who sees a service, as in the next one
        "models/mesh/service_entry_visibility.py: NAMESPACE",
        "ztunnel/table.py: NAMESPACE",  # the title of a column
        # environment variables of the proxy's container, which have the same names
        "inject/environment.py: PROXY_CONFIG",
        "inject/environment.py: SERVICE_ACCOUNT",
    }
