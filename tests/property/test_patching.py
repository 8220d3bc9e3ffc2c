"""Envoy configuration of any content can be read, decoded and merged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import meshcompile
from meshcompile.envoy.descriptors import FieldDescriptor, descriptor, enum_values
from meshcompile.envoy.message import to_builtins
from meshcompile.envoy.reading import GOOGLE, WRAPPED, read
from meshcompile.models.networking.envoy_filter import ApplyTo
from meshcompile.patch.editing import decoded
from meshcompile.patch.merge import merged
from meshcompile.patch.values import OBJECT_TYPES
from meshcompile.validate.patch_value import MESSAGES

PACKED = (
    "envoy.extensions.filters.http.lua.v3.Lua",
    "envoy.extensions.filters.http.router.v3.Router",
    "envoy.extensions.filters.http.rbac.v3.RBAC",
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
    "envoy.extensions.filters.http.gcp_authn.v3.GcpAuthnFilterConfig",
)
"""Types that can be packed in an Any. The last one has no generated messages."""
DEPTH = 4

numbers = st.integers(0, 2**31 - 1)
texts = st.sampled_from(["", "a", "b.c"])
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "bool": st.booleans(),
    "string": texts,
    "bytes": st.sampled_from(["", "YQ==", "AAECAw=="]),
    "double": st.one_of(numbers, st.floats(allow_nan=False, allow_infinity=False)),
    "float": st.one_of(numbers, st.floats(allow_nan=False, allow_infinity=False, width=32)),
}
free_forms = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(texts, inner, max_size=2)),
    max_leaves=4,
)


def messages(name: str, depth: int = DEPTH) -> st.SearchStrategy[Any]:
    """A message as a user may write it."""
    if name in WRAPPED:
        return SCALARS.get(WRAPPED[name], numbers)
    match name.removeprefix(GOOGLE):
        case "Duration":
            return st.sampled_from(["0s", "5s", "1m30s", "250ms", "1.5h"])
        case "Timestamp":
            return st.sampled_from(["2024-01-31T12:00:00Z", "2024-01-31T12:00:00.5+01:00"])
        case "Any":
            return st.sampled_from(PACKED).flatmap(lambda packed: packed_messages(packed, depth))
        case "Struct":
            return st.dictionaries(texts, free_forms, max_size=2)
        case "ListValue":
            return st.lists(free_forms, max_size=2)
        case "Value":
            return free_forms
        case _:
            pass
    known = descriptor(name)
    assert known is not None
    fields = known.fields if depth else ()
    if not fields:
        return st.just({})
    some = st.lists(st.sampled_from(fields), max_size=4, unique=True)
    return some.flatmap(lambda chosen: st.fixed_dictionaries({written(f): values(f, depth - 1) for f in chosen}))


def packed_messages(name: str, depth: int) -> st.SearchStrategy[Any]:
    url = f"type.googleapis.com/{name}"
    return messages(name, depth).map(lambda data: {"@type": url, **data})


def written(field: FieldDescriptor) -> str:
    """A name of the field. Half of them are in snake_case."""
    return field.name if len(field.name) % 2 else field.json_name


def values(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
    one = elements(field, depth)
    match field.cardinality:
        case "repeated":
            return st.lists(one, max_size=2)
        case "map":
            keys = {"string": texts, "bool": st.sampled_from(["true", "false"])}
            return st.dictionaries(keys.get(field.map_key or "", st.sampled_from(["1", "2"])), one, max_size=2)
        case _:
            return one


def elements(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
    if field.kind == "message":
        return messages(field.type, depth)
    if field.kind == "enum":
        names = enum_values(field.type) or {}
        return st.one_of(st.sampled_from(list(names)), st.sampled_from(list(names.values()))) if names else st.none()
    return SCALARS.get(field.type, numbers)


written_objects = st.sampled_from(list(OBJECT_TYPES)).flatmap(
    lambda apply_to: st.tuples(st.just(apply_to), messages(MESSAGES[apply_to]))
)


pairs_of_objects = st.sampled_from(list(OBJECT_TYPES)).flatmap(
    lambda apply_to: st.tuples(st.just(apply_to), *[messages(MESSAGES[apply_to])] * 2)
)


def canonical(apply_to: ApplyTo, data: Any) -> Any:
    value = read(MESSAGES[apply_to], data).value
    assert value is not None
    return value


@given(written_objects)
def test_reading_is_idempotent(written: tuple[ApplyTo, Any]) -> None:
    """Canonicalization is idempotent."""
    apply_to, data = written
    once = canonical(apply_to, data)
    assert canonical(apply_to, once) == once


@given(written_objects)
def test_what_is_read_is_a_message(written: tuple[ApplyTo, Any]) -> None:
    """Canonical data decodes to a message that prints as the same data."""
    apply_to, data = written
    value = canonical(apply_to, data)
    assert to_builtins(decoded(OBJECT_TYPES[apply_to], value)) == value


@given(written_objects)
def test_merging_with_nothing(written: tuple[ApplyTo, Any]) -> None:
    """Merging an empty message changes nothing, and merging into an empty message gives the other message."""
    apply_to, data = written
    value = canonical(apply_to, data)
    full_name = MESSAGES[apply_to]
    assert merged(full_name, value, {}) == value
    assert merged(full_name, {}, value) == value


@given(pairs_of_objects)
def test_what_is_merged_is_canonical(written: tuple[ApplyTo, Any, Any]) -> None:
    """Merging canonical data gives canonical data, and does not change its arguments."""
    apply_to, first, second = written
    old, patch = canonical(apply_to, first), canonical(apply_to, second)
    before = (repr(old), repr(patch))
    result = merged(MESSAGES[apply_to], old, patch)
    assert canonical(apply_to, result) == result
    assert (repr(old), repr(patch)) == before


@given(pairs_of_objects)
def test_messages_merge_as_their_json_does(written: tuple[ApplyTo, Any, Any]) -> None:
    """Merging two messages equals merging their printed data."""
    apply_to, first, second = written
    name, cls = MESSAGES[apply_to], OBJECT_TYPES[apply_to]
    old, patch = canonical(apply_to, first), canonical(apply_to, second)
    assert to_builtins(merged(name, decoded(cls, old), decoded(cls, patch))) == merged(name, old, patch)


MESH = (Path(__file__).resolve().parents[1] / "golden" / "envoy-filters" / "input.yaml").read_text()
HCM = "envoy.filters.network.http_connection_manager"
names = st.sampled_from(["", "0.0.0.0_80", "0.0.0.0_8080", "virtualInbound", "80", "http.8080", "catalog", "default"])
filters = st.sampled_from([HCM, "istio.stats", "envoy.filters.network.tcp_proxy"])
sub_filters = st.sampled_from(["envoy.filters.http.router", "envoy.filters.http.cors", "lua"])
listener_matches = st.fixed_dictionaries(
    {},
    optional={
        "name": names,
        "portNumber": st.sampled_from([80, 3000, 8080]),
        "listenerFilter": st.just("envoy.filters.listener.tls_inspector"),
        "filterChain": st.one_of(
            filters.map(lambda name: {"filter": {"name": name}}),
            sub_filters.map(lambda name: {"filter": {"name": HCM, "subFilter": {"name": name}}}),
        ),
    },
)
route_matches = st.fixed_dictionaries(
    {},
    optional={
        "name": names,
        "portNumber": st.sampled_from([80, 8080]),
        "vhost": st.fixed_dictionaries(
            {}, optional={"name": names, "route": st.fixed_dictionaries({}, optional={"name": names})}
        ),
    },
)
cluster_matches = st.fixed_dictionaries({}, optional={"portNumber": st.sampled_from([80, 3000]), "subset": names})
OPERATIONS = ("MERGE", "ADD", "REMOVE", "INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST", "REPLACE")
CONTEXTS = ("ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY")
MATCHES = {
    ApplyTo.ROUTE_CONFIGURATION: ("routeConfiguration", route_matches),
    ApplyTo.VIRTUAL_HOST: ("routeConfiguration", route_matches),
    ApplyTo.HTTP_ROUTE: ("routeConfiguration", route_matches),
    ApplyTo.CLUSTER: ("cluster", cluster_matches),
}


def patches(written: tuple[ApplyTo, Any]) -> st.SearchStrategy[Any]:
    apply_to, value = written
    kind, matches = MATCHES.get(apply_to, ("listener", listener_matches))
    return st.fixed_dictionaries(
        {
            "applyTo": st.just(apply_to.value),
            "match": st.fixed_dictionaries({"context": st.sampled_from(CONTEXTS), kind: matches}),
            "patch": st.sampled_from(OPERATIONS).map(lambda operation: {"operation": operation, "value": value}),
        }
    )


@settings(max_examples=40)
@given(st.lists(written_objects.flatmap(patches), max_size=4))
def test_any_patches_compile(described: list[Any]) -> None:
    """For patches of any content, every proxy gets a configuration, and every patch a report."""
    envoy_filter = {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": {"name": "any", "namespace": "istio-system"},
        "spec": {"configPatches": described},
    }
    mesh = meshcompile.load([MESH, envoy_filter])
    for proxy in mesh.proxies():
        config = mesh.compile(proxy)
        config.to_json()
        config.source_map()
        assert all(bool(report.changes) != bool(report.reason) for report in config.patches)
