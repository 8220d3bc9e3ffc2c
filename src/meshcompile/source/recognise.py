"""Whether a document appears to be a Kubernetes object, and what a file without one is.

A folder holds files of many programs. A file whose documents do not appear to be objects is foreign: it is counted and
gets no finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct


class Recogniser(Struct, frozen=True):
    """A kind of file, recognized by the pattern of its name, the start of its `apiVersion`, or its top-level keys."""

    what: str
    names: tuple[str, ...] = ()
    api_versions: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    """Alternatives, each a set of keys separated by spaces. All keys of one set must be present."""

    def recognises(self, name: str, api_version: str, keys: frozenset[str]) -> bool:
        return (
            any(fnmatchcase(name.lower(), pattern) for pattern in self.names)
            or (api_version != "" and api_version.startswith(self.api_versions))
            or any(keys.issuperset(wanted.split()) for wanted in self.keys)
        )


_YAML = ("yaml", "yml")


def _yaml(*stems: str) -> tuple[str, ...]:
    return tuple(f"{stem}.{suffix}" for stem in stems for suffix in _YAML)


TYPED = (
    Recogniser("a kustomization", ("kustomization",), ("kustomize.config.k8s.io/",)),
    Recogniser("a Skaffold configuration", (), ("skaffold/",)),
    Recogniser("a configuration of kind", (), ("kind.x-k8s.io/",)),
    Recogniser("a configuration of k3d", (), ("k3d.io/",)),
    Recogniser("a configuration of ctlptl", (), ("ctlptl.dev/",)),
    Recogniser("a kubeconfig", keys=("clusters contexts users",)),
)
"""Files with an `apiVersion` and a `kind` that other programs read, and not the API server."""

UNTYPED = (
    Recogniser("a test suite of meshcompile", ("*.meshtest.yaml", "*.meshtest.yml", "*.meshtest.json")),
    Recogniser("a Helm chart's description", ("chart.yaml", "requirements.yaml")),
    Recogniser(
        "Helm values",
        (*_yaml("values", "values[-._]*", "*[-._]values"), "values.schema.json"),
    ),
    Recogniser("a kustomization", _yaml("kustomization")),
    Recogniser("a Compose file", _yaml("compose", "compose.*", "docker-compose", "docker-compose[-.]*")),
    Recogniser(
        "a list of packages",
        ("package.json", "package-lock.json", "npm-shrinkwrap.json", "composer.json"),
        keys=("lockfileVersion",),
    ),
    Recogniser("a TypeScript configuration", ("tsconfig*.json", "jsconfig*.json")),
    Recogniser("an OpenAPI description", keys=("openapi info", "swagger info", "asyncapi info")),
    Recogniser("a CI pipeline", keys=("on jobs", "stages", "pipelines", "steps", "trigger pool", "jobs workflows")),
    Recogniser("a list of pre-commit hooks", (".pre-commit-*.yaml",), keys=("repos",)),
    Recogniser("a helmfile", _yaml("helmfile", "helmfile.*"), keys=("releases repositories",)),
    Recogniser("a Taskfile", _yaml("taskfile"), keys=("tasks version",)),
    Recogniser("a documentation site's configuration", _yaml("mkdocs"), keys=("site_name",)),
    Recogniser("a CloudFormation template", keys=("AWSTemplateFormatVersion",)),
    Recogniser("a serverless.com service", _yaml("serverless"), keys=("service provider functions",)),
    Recogniser("a Grafana dashboard", keys=("panels schemaVersion", "panels templating")),
    Recogniser("Prometheus rules", keys=("groups",)),
    Recogniser("a Prometheus configuration", keys=("scrape_configs",)),
    Recogniser("an Envoy configuration", keys=("static_resources", "dynamic_resources", "configs")),
    Recogniser("a mesh config: give it with --mesh-config", keys=("defaultConfig", "meshMTLS", "extensionProviders")),
    Recogniser("mesh networks: give them with --networks", keys=("networks",)),
    Recogniser("a JSON Schema", keys=("$schema", "$defs", "definitions")),
    Recogniser("a buf configuration", _yaml("buf", "buf.gen", "buf.work")),
    Recogniser("a Terraform file", ("*.tf.json", "*.tfvars.json", "*.auto.tfvars.json")),
    Recogniser("a Kustomize patch", keys=("$patch",)),
)
"""Files without an `apiVersion` or without a `kind`. The first row that matches describes a file."""

NO_TYPE = "no apiVersion and no kind"
JSON_PATCH = "a JSON patch"
LIST = "a list, not an object"
TEXT = "text, not an object"
JSON_WITH_COMMENTS = "JSON with comments"
NOT_YAML = "not YAML"


def typed_as(value: object) -> str:
    """The description of another program's file with an `apiVersion` and a `kind`; empty for an object."""
    if not isinstance(value, Mapping):
        return ""
    return next(_recognised(TYPED, "", _text(value, "apiVersion"), value), "")


def untyped_as(file: str, keys: Iterable[object]) -> str:
    """The description of a file with these top-level keys, if it does not appear to hold an object."""
    return next(_recognised((*UNTYPED, *TYPED), _name(file), "", keys), NO_TYPE)


def _recognised(table: Iterable[Recogniser], name: str, api_version: str, keys: Iterable[object]) -> Iterator[str]:
    there = frozenset(key for key in keys if isinstance(key, str))
    return (row.what for row in table if row.recognises(name, api_version, there))


def foreign_as(file: str, value: object) -> str:
    """The description of a document that does not appear to be an object."""
    match value:
        case Mapping():
            return typed_as(value) or untyped_as(file, value)
        case [Mapping() as first, *_] if "op" in first and "path" in first:
            return JSON_PATCH
        case list() | tuple():
            return LIST
        case _:
            return TEXT


def tries(value: object, file: str = "") -> bool:
    """Whether a document appears to be an object, valid or not: it has a type, or part of a type and other object
    fields.

    A list appears to be an object if one of its items does: it may be an object behind an extra `-`.
    """
    match value:
        case Mapping() if typed_as(value):
            return False
        case Mapping():
            return _tries(value, is_other=any(row.recognises(_name(file), "", frozenset()) for row in UNTYPED))
        case list() | tuple():
            return any(isinstance(item, Mapping) and _tries(item) for item in value)
        case _:
            return False


def _tries(value: Mapping[Any, Any], *, is_other: bool = False) -> bool:
    """`is_other` says that the file has the name of another kind of file. Then only a document with a type is an
    object.
    """
    keys = {_plain(key) for key in value}
    typed = keys & {"apiversion", "kind"}
    if is_other or len(typed) == 2:
        return len(typed) == 2
    if typed == {"kind"}:
        return "spec" in keys or (_is_kind(value.get("kind", value.get("Kind"))) and keys <= _OBJECT_KEYS)
    if typed:
        return not keys.isdisjoint(("metadata", "spec"))
    metadata, items = value.get("metadata"), value.get("items")
    named = isinstance(metadata, Mapping) and "name" in metadata
    return (named and "spec" in keys) or (isinstance(items, list) and tries(items))


_OBJECT_KEYS = {"kind", "metadata", "spec", "status", "data", "stringdata", "type", "items", "endpoints", "ports"}


def _plain(key: object) -> str:
    """A key without common spelling mistakes: `ApiVersion`, `api_version`."""
    return re.sub("[^a-z]", "", str(key).lower())


def _is_kind(value: object) -> bool:
    """Whether the value is spelled like a kind."""
    return isinstance(value, str) and re.fullmatch("[A-Z]|[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*", value) is not None


def _text(value: Mapping[Any, Any], key: str) -> str:
    text = value.get(key)
    return text if isinstance(text, str) else ""


def _name(file: str) -> str:
    return file.replace("\\", "/").rpartition("/")[2]
