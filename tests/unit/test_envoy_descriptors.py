from __future__ import annotations

import pytest

from meshcompile.envoy.descriptors import (
    FieldDescriptor,
    MessageDescriptor,
    descriptor,
    enum_line,
    enum_values,
    message_line,
    message_names,
    parsed_enum,
    parsed_message,
)


def field(message: str, name: str) -> FieldDescriptor:
    """A field that must exist."""
    found = descriptor(message)
    assert found, message
    named = found.field(name)
    assert named, name
    return named


def test_a_field_is_found_by_either_name() -> None:
    """The proto name and the JSON name lead to the same field."""
    listener = "envoy.config.listener.v3.Listener"
    chains = field(listener, "filterChains")
    assert chains is field(listener, "filter_chains")
    assert chains.type == "envoy.config.listener.v3.FilterChain"
    assert (chains.kind, chains.cardinality) == ("message", "repeated")


def test_a_type_url_names_a_message() -> None:
    """A message is found by the type URL of an Any."""
    assert descriptor("type.googleapis.com/envoy.config.route.v3.Route") == descriptor("envoy.config.route.v3.Route")


def test_what_envoy_does_not_have_is_none() -> None:
    """An unknown message, field or enum causes no exception."""
    assert descriptor("acme.v1.Thing") is None
    assert enum_values("acme.v1.Colour") is None
    route = descriptor("envoy.config.route.v3.Route")
    assert route is not None
    assert route.field("colour") is None


def test_a_oneof_has_its_alternatives() -> None:
    """The fields of a oneof are grouped."""
    route = descriptor("envoy.config.route.v3.Route")
    assert route is not None
    alternatives = [each.name for each in route.oneof("action")]
    assert {"route", "redirect", "direct_response"} <= set(alternatives)
    assert "name" not in alternatives


@pytest.mark.parametrize(
    ("message", "name", "has_presence"),
    [
        ("envoy.config.route.v3.RouteMatch", "prefix", True),
        ("envoy.config.route.v3.RouteMatch", "case_sensitive", True),
        ("envoy.config.route.v3.Route", "name", False),
        ("envoy.config.route.v3.Route", "typed_per_filter_config", False),
        ("envoy.config.route.v3.VirtualHost", "domains", False),
    ],
)
def test_presence(message: str, name: str, has_presence: bool) -> None:
    """Messages and fields of a oneof have presence. Scalars, lists and maps do not."""
    assert field(message, name).has_presence is has_presence


def test_enums_start_with_their_zero() -> None:
    """The values of an enum have their numbers, the zero value first."""
    values = enum_values("envoy.config.cluster.v3.Cluster.DiscoveryType")
    assert values is not None
    assert next(iter(values.items())) == ("STATIC", 0)
    assert values["ORIGINAL_DST"] == 4


def test_filters_of_istio_are_known() -> None:
    """Messages of Istio's build of Envoy, and fields that xds-protos lacks, are in the table."""
    assert field("stats.PluginConfig", "disableHostHeaderFallback").type == "bool"
    manager = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    assert field(f"{manager}.Tracing", "no_context_propagation").type == "bool"


def test_every_reference_leads_to_a_type() -> None:
    """Every message and enum that a field names is in the table, and its line round-trips."""
    for name in message_names():
        message = descriptor(name)
        assert message is not None
        assert parsed_message(name, message_line(message)) == message
        for each in message.fields:
            if each.kind == "message":
                assert descriptor(each.type), f"{name}.{each.name}"
            if each.kind == "enum":
                values = enum_values(each.type)
                assert values, f"{name}.{each.name}"
                assert parsed_enum(enum_line(values)) == values


def test_a_line_holds_all_of_a_field() -> None:
    """JSON name, number, shape and oneof round-trip through a line."""
    fields = (
        FieldDescriptor("plain", "plain", "scalar", "string", number=1),
        FieldDescriptor("odd_name", "odd", "enum", "a.Colour", oneof="choice", number=2),
        FieldDescriptor("by_name", "byName", "message", "a.Thing", "map", "string", number=7),
        FieldDescriptor("many", "many", "scalar", "uint32", "repeated", number=8),
        FieldDescriptor("maybe", "maybe", "scalar", "bool", "optional", number=3),
    )
    line = "plain:string odd_name=odd:@a.Colour|choice by_name#7:{string}.a.Thing many:[]uint32 maybe#3:?bool"
    assert message_line(MessageDescriptor("a.M", fields)) == line
    assert parsed_message("a.M", line).fields == fields
