"""Write the table of the Go types of Kubernetes' workloads, from the sources of k8s.io/api and its neighbours.

The table is `src/meshcompile/inject/workload_types.json`. `meshcompile.inject.types` explains its syntax. The OpenAPI
document of the API server does not say which fields Go omits when they are empty, so this reads the sources.
`make generate` does not run it: the sources are those of the Go modules that a release of Istio names in its go.mod.

    workload_types.py k8s.io/api k8s.io/apimachinery github.com/openshift/api
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

TABLE = Path(__file__).resolve().parent.parent / "src" / "meshcompile" / "inject" / "workload_types.json"

ROOTS = (
    "Pod",
    "Deployment",
    "DaemonSet",
    "ReplicaSet",
    "StatefulSet",
    "Job",
    "CronJob",
    "ReplicationController",
    "openshift.DeploymentConfig",
)
"""The kinds that injection handles. Types that they do not reach are left out."""

SCALARS: Mapping[str, str] = {
    "string": "string",
    "int32": "int32",
    "int64": "int64",
    "int": "int64",
    "bool": "bool",
    "[]byte": "bytes",
    "metav1.Time": "time",
    "Time": "time",
    "metav1.MicroTime": "time",
    "resource.Quantity": "quantity",
    "intstr.IntOrString": "intOrString",
    "types.UID": "string",
    "runtime.RawExtension": "any",
    "FieldsV1": "any",
}
FIELD = re.compile(r"^\t(?:(?P<name>\w+) )?\s*(?P<type>\S+)\s+`(?P<tags>[^`]*)`")
STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
ALIAS = re.compile(r"^type (\w+) ((?:\[\]|map\[\w+\])?[\w.]+)$", re.MULTILINE)
TAG = re.compile(r'(\w+):"([^"]*)"')


class Package:
    """The types of a Go package. `prefix` tells types of the same name in several packages apart."""

    def __init__(self, source: Path, prefix: str = "") -> None:
        text = source.read_text()
        self.prefix = prefix
        self.structs = dict(STRUCT.findall(text))
        self.aliases = dict(ALIAS.findall(text))


def table(api: Path, machinery: Path, openshift: Path) -> Mapping[str, str]:
    """The lines of all types that the kinds need."""
    packages = [
        Package(api / "core/v1/types.go"),
        Package(api / "apps/v1/types.go"),
        Package(api / "batch/v1/types.go"),
        Package(machinery / "pkg/apis/meta/v1/types.go"),
        Package(openshift / "apps/v1/types.go", "openshift."),
    ]
    known = {package.prefix + name: package for package in packages for name in package.structs}
    lines: dict[str, str] = {}
    wanted = list(ROOTS)
    while wanted:
        name = wanted.pop()
        if name in lines:
            continue
        words = list(fields(name, known))
        lines[name] = " ".join(words)
        elements = {re.split(r"[:|]", word)[1].lstrip("*[]{}") for word in words}
        wanted.extend(element for element in elements if element in known)
    return dict(sorted(lines.items()))


def fields(name: str, known: Mapping[str, Package]) -> Iterator[str]:
    """The words of a type: its own fields, and those of the structs that it embeds."""
    package = known[name]
    for line in package.structs[name.removeprefix(package.prefix)].splitlines():
        match = FIELD.match(line)
        if match is None or line.lstrip().startswith("//"):
            continue
        tags = dict(TAG.findall(match["tags"]))
        written, *options = tags["json"].split(",")
        element = type_name(match["type"], package, known)
        if "inline" in options or (not match["name"] and not written):
            yield from (f"{word}|embedded" for word in fields(element, known))
        elif written != "-":
            yield word(written, element, options, tags)


def word(written: str, element: str, options: list[str], tags: Mapping[str, str]) -> str:
    """The word of a field."""
    marks = ["e"] if "omitempty" in options else []
    if "omitzero" in options:
        marks.append("z")
    if "merge" in tags.get("patchStrategy", "").split(","):
        marks.append(f"merge={tags.get('patchMergeKey', '')}")
    return "|".join([f"{written}:{element}", *marks])


def type_name(written: str, package: Package, known: Mapping[str, Package]) -> str:
    """A Go type in the syntax of the table."""
    if written in SCALARS:
        return SCALARS[written]
    for start, mark in (("*", "*"), ("[]", "[]")):
        if written.startswith(start):
            return mark + type_name(written.removeprefix(start), package, known)
    if written.startswith("map["):
        return "{}" + type_name(written.partition("]")[2], package, known)
    bare = written.rpartition(".")[2]
    qualified = package.prefix + bare if "." not in written else bare
    if qualified in known:
        return qualified
    for other in (package, *known.values()):
        if bare in other.aliases:
            return type_name(other.aliases[bare], other, known)
    raise SystemExit(f"unknown Go type {written}")


if __name__ == "__main__":
    lines = table(*map(Path, sys.argv[1:]))
    TABLE.write_text(json.dumps(lines, indent=0) + "\n")
