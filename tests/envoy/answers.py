"""Static bootstraps for the proxies of the conformance cases: from istiod's output, and from compiled output."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

import meshcompile
from meshcompile.envoy.config.core import Node
from meshcompile.envoy.message import from_json
from meshcompile.output.bootstrap import Credential, Options, static_bootstrap
from tests.conformance.compare import load_mesh
from tests.conformance.corpus import cases_dir
from tests.resources import TYPES, resources


def proxies(area: str) -> list[str]:
    """Every proxy of an area, as AREA/CASE/istiod/PROXY."""
    root = cases_dir()
    return [path.parent.relative_to(root).as_posix() for path in sorted(root.glob(f"{area}/*/istiod/*/node.json"))]


def bootstrap(proxy: str, options: Options | None = None) -> dict[str, Any]:
    """The bootstrap of a proxy, as AREA/CASE/istiod/PROXY."""
    folder = cases_dir() / proxy
    sent = resources(**{kind: _content(folder / f"{kind}.json") for kind in TYPES})
    node = from_json(Node, _content(folder / "node.json"))
    return static_bootstrap(node, sent, options or Options()).to_dict()


def compiled(proxy: str, stand_in: Credential | None = None) -> dict[str, Any]:
    """The bootstrap from compiled output for a proxy, as AREA/CASE/istiod/PROXY."""
    folder = cases_dir() / proxy
    node = meshcompile.Proxy.from_node(_content(folder / "node.json"))
    made: dict[str, Any] = _mesh(folder.parents[1]).compile(node).bootstrap(stand_in=stand_in).to_dict()
    return made


@lru_cache(maxsize=1)  # proxies of the same case are adjacent
def _mesh(case: Path) -> meshcompile.Mesh:
    mesh, lines = load_mesh(case, yaml.load((case / "case.yaml").read_text(), Loader=yaml.CSafeLoader))
    assert mesh is not None, lines
    return mesh  # type: ignore[no-any-return]


def _content(path: Path) -> Any:
    return json.loads(path.read_text()) if path.exists() else []
