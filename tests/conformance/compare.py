"""One conformance case, compiled and compared with istiod's answers, resource by resource.

A case is a folder with

    input.yaml               Kubernetes and Istio objects of the config cluster, as a user would apply them
    clusters/NAME.yaml       Kubernetes objects of a remote cluster (optional)
    case.yaml                mesh: MeshConfig overrides; networks: MeshNetworks.networks; ambient: bool; proxies: [...]
    istiod/PROXY/            what istiod sends that proxy: one file for each of TYPES, and node.json
    istiod/validation.json   objects that istiod's schema or validation rejects (they take no part), or warns about
    istiod-1.31/...          the answers of another release, where they differ from those in istiod/

Equality is JSON equality of each named resource, except that lists whose order Envoy ignores are compared as sets.
Only the public API is used.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from meshcompile.behaviour import DEFAULT_RELEASE, RELEASES

TYPES = ("listeners", "routes", "clusters", "endpoints", "extensions")
# JSON names of lists whose order Envoy ignores.
UNORDERED = frozenset(
    {
        "applicationProtocols",
        "customTags",
        "domains",
        "filterChains",
        "lbEndpoints",
        "localityEndpoints",
        "matchSubjectAltNames",
        "matchTypedSubjectAltNames",
        "prefixRanges",
        "queryParameters",
        "serverNames",
        "services",
        "sourcePrefixRanges",
        "virtualHosts",
    }
)
MAX_DIFFERENCES = 40


class Row(NamedTuple):
    """One resource of one proxy.

    `state` is equal, differs, missing, extra or error. `lines` describe the differences.
    """

    case: str
    proxy: str
    type: str
    name: str
    state: str
    lines: list[str]

    @property
    def area(self) -> str:
        return self.case.split("/")[0]

    @property
    def equal(self) -> bool:
        return self.state == "equal"


class Rejection(NamedTuple):
    """One object that istiod or meshcompile rejects. `state` is equal if both reject it."""

    case: str
    object: str
    state: str


@dataclass(frozen=True, slots=True)
class CaseResult:
    """All results of a case. `seconds` is the time in meshcompile."""

    rows: list[Row]
    rejections: list[Rejection]
    seconds: float


def run_case(root: Path, case: str, types: tuple[str, ...] = TYPES, release: str = "") -> CaseResult:
    """The result of compiling and comparing the case at root/case, with another release of Istio than the default."""
    folder = root / case
    spec = yaml.load((folder / "case.yaml").read_text(), Loader=yaml.CSafeLoader)
    proxies = [proxy["name"] for proxy in spec["proxies"]]
    started = time.perf_counter()
    mesh, error = load_mesh(folder, spec, release)
    compiled = {proxy: _compiled(mesh, folder / "istiod" / proxy, error, release) for proxy in proxies}
    seconds = time.perf_counter() - started
    rows = [
        row
        for proxy in proxies
        for kind in types
        for row in _rows(case, proxy, kind, answer(folder, f"{proxy}/{kind}.json", release), *compiled[proxy])
    ]
    return CaseResult(rows, list(_rejections(case, answer(folder, "validation.json", release), mesh)), seconds)


def answer(folder: Path, name: str, release: str = "") -> Path:
    """The file with istiod's answer: the release's own one if it differs."""
    own = folder / f"istiod-{release}" / name
    return own if release and own.exists() else folder / "istiod" / name


def load_mesh(folder: Path, spec: Mapping[str, Any], release: str = "") -> tuple[Any, list[str]]:
    """The mesh of a case, or None and the last lines of the traceback."""
    try:
        import meshcompile

        return meshcompile.load(
            [folder / "input.yaml"],
            mesh_config=spec.get("mesh"),
            networks=spec.get("networks"),
            clusters={path.stem: [path] for path in sorted((folder / "clusters").glob("*.yaml"))},
            ambient=spec.get("ambient", False),
            features=spec.get("features"),
            release=release or DEFAULT_RELEASE,
        ), []
    except Exception:
        return None, _last_lines()


def canonical(value: Any, key: str = "") -> Any:
    """The value with sorted unordered lists, and whole numbers as int."""
    match value:
        case dict():
            return {name: canonical(item, name) for name, item in value.items()}
        case list():
            items = [canonical(item) for item in value]
            # The `endpoints` of a locality are messages. Elsewhere, the name is used for plain, ordered strings.
            if key in UNORDERED or (key == "endpoints" and items and isinstance(items[0], dict)):
                items.sort(key=lambda item: json.dumps(item, sort_keys=True))
            return items
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def by_name(resources: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Canonical resources by name. A repeated name gets `#2`, `#3` and so on."""
    named: dict[str, Any] = {}
    for resource in resources:
        base = name = resource.get("name") or resource.get("clusterName") or "?"
        number = 2
        while name in named:
            name, number = f"{base}#{number}", number + 1
        named[name] = canonical(resource)
    return named


def differences(want: Any, have: Any, path: str = "") -> Iterator[str]:
    """What is missing (-), extra (+) or different (~), one line per position."""
    match want, have:
        case dict(), dict():
            for key in sorted(want.keys() | have.keys()):
                place = f"{path}.{key}" if path else key
                if key not in have:
                    yield f"  - {place}: {_short(want[key])}"
                elif key not in want:
                    yield f"  + {place}: {_short(have[key])}"
                else:
                    yield from differences(want[key], have[key], place)
        case list(), list():
            for index, (wanted, had) in enumerate(zip(want, have, strict=False)):
                yield from differences(wanted, had, f"{path}[{index}]")
            yield from (f"  - {path}[{i}]: {_short(want[i])}" for i in range(len(have), len(want)))
            yield from (f"  + {path}[{i}]: {_short(have[i])}" for i in range(len(want), len(have)))
        case _ if want != have:
            yield f"  ~ {path}: istiod {_short(want)} / meshcompile {_short(have)}"


def _compiled(mesh: Any, answers: Path, error: list[str], release: str) -> tuple[dict[str, Any], list[str]]:
    """The proxy's resources as plain JSON values, or {} and the last lines of the traceback."""
    if error:
        return {}, error
    try:
        import meshcompile

        return mesh.compile(meshcompile.Proxy.from_node(_node(answers / "node.json", release))).to_dict(), []
    except Exception:
        return {}, _last_lines()


def _node(path: Path, release: str) -> Any:
    """The node of a proxy, which runs the release unless it has a version of its own."""
    node = _json(path)
    if release and node["metadata"].get("ISTIO_VERSION") == RELEASES[DEFAULT_RELEASE].release:
        node["metadata"]["ISTIO_VERSION"] = RELEASES[release].release
    return node


def _rows(
    case: str, proxy: str, kind: str, answer: Path, compiled: Mapping[str, Any], error: list[str]
) -> Iterator[Row]:
    want = by_name(_json(answer) or [])
    have = by_name(json.loads(json.dumps(compiled.get(kind) or [])))
    for name in sorted(want.keys() | have.keys()):
        if error:
            yield Row(case, proxy, kind, name, "error", error)
        elif name not in have:
            yield Row(case, proxy, kind, name, "missing", [])
        elif name not in want:
            yield Row(case, proxy, kind, name, "extra", [])
        elif want[name] == have[name]:
            yield Row(case, proxy, kind, name, "equal", [])
        else:
            lines = [line for line, _ in zip(differences(want[name], have[name]), range(MAX_DIFFERENCES), strict=False)]
            yield Row(case, proxy, kind, name, "differs", lines)


def _rejections(case: str, answer: Path, mesh: Any) -> Iterator[Rejection]:
    want = {
        (finding["Kind"], finding.get("Namespace") or "default", finding["Name"])
        for finding in _json(answer) or []
        if finding.get("Error") or finding.get("SchemaError")
    }
    have = {
        (found.kind, found.namespace or "default", found.name)
        for found in (mesh.diagnostics if mesh is not None else ())
        if found.severity == "error" and found.rejected
    }
    for key in sorted(want | have):
        yield Rejection(case, "/".join(key), "error" if mesh is None else _rejection_state(key in want, key in have))


def _rejection_state(istiod: bool, meshcompile: bool) -> str:
    match istiod, meshcompile:
        case True, True:
            return "equal"
        case True, False:
            return "accepted, istiod rejects"
        case _:
            return "rejected, istiod accepts"


def _json(path: Path) -> Any:
    """The content of a JSON file, or None if it does not exist."""
    return json.loads(path.read_text()) if path.exists() else None


def _last_lines() -> list[str]:
    return traceback.format_exc().strip().splitlines()[-3:]


def _short(value: Any, length: int = 220) -> str:
    text = json.dumps(value, sort_keys=True)
    return text if len(text) <= length else text[: length - 3] + "..."
