from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from meshcompile import load
from meshcompile.documents import Document, Origin
from meshcompile.envoy.config.cluster import OutlierDetection
from meshcompile.envoy.config.core import Metadata, SocketAddress, TransportSocket
from meshcompile.envoy.config.listener import Filter
from meshcompile.envoy.config.route import Route, RouteAction, RouteConfiguration, RouteMatch, VirtualHost
from meshcompile.envoy.extensions.filters.http.cors import CorsPolicy
from meshcompile.envoy.extensions.filters.http.rbac import RBAC, EmbeddedRBAC, RBACPerRoute
from meshcompile.envoy.extensions.filters.http.router import Router
from meshcompile.envoy.istio import metadata_exchange
from meshcompile.envoy.message import (
    JsonObject,
    Message,
    Unmodelled,
    at,
    from_json,
    json_pieces,
    origins_at,
    replaced,
    source_map,
    to_builtins,
    to_json,
    to_json_by_kind,
)
from meshcompile.envoy.type import Int64Range, Percent
from tests.cli.conftest import MESH

DOCUMENT = Document("routes.yaml", {})
HTTP = Origin(DOCUMENT, ("spec", "http", 0))
MATCH = HTTP.at("match", 0)


def test_defaults_are_not_printed() -> None:
    """A field with its default is omitted, but an empty message in a oneof is printed."""
    assert to_builtins(Route(name="", match=RouteMatch(prefix="/"), route=RouteAction())) == {
        "match": {"prefix": "/"},
        "route": {},
    }


def test_json_names_are_those_of_protobuf() -> None:
    """A letter after a digit stays lower case, as in protobuf's JSON names."""
    assert to_builtins(OutlierDetection(consecutive_5xx=7, enforcing_consecutive_5xx=0)) == {
        "consecutive5xx": 7,
        "enforcingConsecutive5xx": 0,
    }


def test_whole_doubles_are_printed_as_integers() -> None:
    """A whole double has no decimal point, other doubles have one, and text that looks like one is unchanged."""
    assert to_json(Percent(value=10.0), indent=-1) == '{"value":10}'
    assert to_json(Percent(value=0.5), indent=-1) == '{"value":0.5}'
    assert to_json([Percent(value=1.0), {"text": "[1.0,2.0]"}], indent=-1) == '[{"value":1},{"text":"[1.0,2.0]"}]'


def test_only_a_packed_message_prints_its_type() -> None:
    """A message in an Any prints `@type`. In a field of its own type, it has another class."""
    assert to_builtins(Filter(typed_config=RBAC())) == {
        "typedConfig": {"@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC"}
    }
    assert to_builtins(RBACPerRoute(rbac=EmbeddedRBAC(shadow_rules_stat_prefix="x"))) == {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBACPerRoute",
        "rbac": {"shadowRulesStatPrefix": "x"},
    }


def test_what_is_printed_is_read_again() -> None:
    """Messages, maps, packed messages and untyped data round-trip through JSON."""
    host = VirtualHost(
        name="a",
        domains=("a", "b"),
        routes=(Route(match=RouteMatch(path="/x"), metadata=Metadata(filter_metadata={"istio": {"n": [1, None]}})),),
        typed_per_filter_config={"envoy.filters.http.cors": CorsPolicy(max_age="10")},
    )
    routes = RouteConfiguration(name="80", virtual_hosts=(host,))
    assert from_json(RouteConfiguration, to_builtins(routes)) == routes
    socket = TransportSocket(name="x", typed_config=metadata_exchange(protocol="istio-peer-exchange"))
    assert from_json(TransportSocket, to_builtins(socket)) == socket


def test_an_unknown_packed_message_is_kept_as_data() -> None:
    """A type without a class is read and printed unchanged."""
    data = {"name": "x", "typedConfig": {"@type": "type.googleapis.com/acme.v1.Thing", "colour": "red"}}
    message = from_json(Filter, data)
    assert message.typed_config == Unmodelled(data["typedConfig"])  # type: ignore[arg-type]
    assert to_builtins(message) == data


def test_an_unknown_field_is_an_error_that_names_its_path() -> None:
    """Reading rejects unknown fields, also in a packed message."""
    with pytest.raises(msgspec.ValidationError, match=r"`prefx` - at `\$\.match`"):
        from_json(Route, {"match": {"prefx": "/"}})
    router = {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router", "colour": "red"}
    with pytest.raises(msgspec.ValidationError, match="colour"):
        from_json(Filter, {"typedConfig": router})


def test_origins_are_outside_equality_and_json() -> None:
    """Origins affect neither equality nor printing."""
    bare, stamped = RouteMatch(prefix="/"), at(RouteMatch(prefix="/"), MATCH)
    assert stamped.origins == (MATCH,)
    assert bare.origins == ()
    assert stamped == bare
    assert to_json(stamped) == to_json(bare)


def test_origins_are_one_flat_tuple() -> None:
    """Origins accumulate in one tuple, absent ones are skipped, and changing a message keeps them."""
    route = at(at(Route(name="a"), (HTTP, MATCH), None), HTTP)
    assert route.origins == (HTTP, MATCH, HTTP)
    changed = replaced(route, name="b")
    assert (changed.name, changed.origins, route.name) == ("b", route.origins, "a")


def test_the_source_map_points_at_what_is_printed() -> None:
    """Each pointer leads to the position in the JSON of the message with the origins."""
    routes = (at(Route(match=at(RouteMatch(prefix="/"), MATCH), name="x"), HTTP), Route())
    cors = at(CorsPolicy(), MATCH)
    host = VirtualHost(routes=routes, typed_per_filter_config={"a/b": cors})
    assert source_map({"routes": [RouteConfiguration(virtual_hosts=(host,))]}) == {
        "/routes/0/virtualHosts/0/routes/0": (HTTP,),
        "/routes/0/virtualHosts/0/routes/0/match": (MATCH,),
        "/routes/0/virtualHosts/0/typedPerFilterConfig/a~1b": (MATCH,),
    }


def test_messages_do_not_change() -> None:
    """Fields of a message cannot be assigned."""
    with pytest.raises(AttributeError, match="immutable"):
        Router().suppress_envoy_headers = True  # type: ignore[misc]


def test_64_bit_integers_are_text() -> None:
    """A 64-bit integer is a string in JSON, and zero is omitted."""
    assert to_builtins(Int64Range(start="0", end="9007199254740993")) == {"end": "9007199254740993"}


def test_a_module_imports_only_what_it_needs() -> None:
    """The route messages import no listeners, clusters, extensions, type registry or YAML parser."""
    code = (
        "import sys, meshcompile.envoy.config.route;"
        "print(*(name for name in sys.modules if name.startswith('meshcompile.')))"
    )
    source = Path(__file__).resolve().parents[2] / "src"
    loaded = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(source)}, capture_output=True, text=True, check=True
    ).stdout.split()
    unwanted = ("config.listener", "config.cluster", "extensions", "registry", "descriptors")
    assert [name for name in loaded if name.removeprefix("meshcompile.envoy.").startswith(unwanted)] == []
    assert not [name for name in loaded if name.startswith("meshcompile.documents")]


@pytest.mark.parametrize("indent", [2, 4, 0, -1])
def test_text_by_kind_is_that_of_the_data(indent: int) -> None:
    """Lists of messages print like their plain data, also if a message is printed again elsewhere."""
    shared = RouteConfiguration(name="a\nb", virtual_hosts=(VirtualHost(name="x", domains=("*",)),))
    cases: list[dict[str, tuple[Message, ...]]] = [
        {},
        {"routes": ()},
        {"routes": (shared,)},
        {"more": (), "routes": (shared, shared)},
    ]
    for messages in cases:
        data = {kind: [to_builtins(message) for message in group] for kind, group in messages.items()}
        assert to_json_by_kind(messages, indent) == to_json(data, indent)
        assert "".join(json_pieces(messages, indent)) == to_json(data, indent)


def test_a_pickled_message_prints_the_same() -> None:
    """In an unpickled message, defaults are not printed, and values and origins are kept."""
    filled = SocketAddress(protocol="UDP", address="10.0.0.1", port_value=80)
    for message in (SocketAddress(protocol="TCP"), filled, Percent(value=10.0), VirtualHost(routes=(Route(name="a"),))):
        copied = pickle.loads(pickle.dumps(at(message, HTTP)))
        assert to_json(copied) == to_json(message)
        assert (copied, copied.origins) == (message, (HTTP,))


def test_equal_messages_have_equal_hashes() -> None:
    """Every message is hashable, also with mappings and untyped data."""
    data: JsonObject = {"@type": "type.googleapis.com/acme.v1.Thing", "list": [1, {"a": 2}]}
    for make in (
        lambda: VirtualHost(typed_per_filter_config={"a": CorsPolicy(), "b": Unmodelled(dict(data))}),
        lambda: Metadata(filter_metadata={"istio": {"n": [1, None]}}),
        lambda: metadata_exchange(protocol="istio-peer-exchange", list=[1, 2]),
    ):
        assert {make(), make()} == {make()}
    assert len({Route(name="a"), Route(name="b"), VirtualHost(name="a")}) == 3


def test_a_message_with_origins_is_a_new_one() -> None:
    """`at` does not change the origins of its argument, which may be a shared constant."""
    constant = RouteMatch(prefix="/")
    assert at(constant, HTTP).origins == (HTTP,)
    assert constant.origins == ()
    once = at(constant, HTTP)
    assert at(once, MATCH).origins == (HTTP, MATCH)
    assert once.origins == (HTTP,)
    assert at(once, None, ()) is once


def test_origins_of_a_part_are_those_of_the_source_map() -> None:
    """`origins_at` finds what the source map has at each place of a message, or at the nearest place around it."""
    config = load(MESH).compile("deployment/catalog.shop")
    for message in (*config.listeners, *config.routes, *config.clusters):
        found = source_map(message)
        for pointer, origins in found.items():
            assert origins_at(message, pointer.split("/")[1:]) == origins
            assert origins_at(message, [*pointer.split("/")[1:], "nothing"]) == origins
