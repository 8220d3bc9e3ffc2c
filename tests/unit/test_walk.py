from __future__ import annotations

import pytest

from meshcompile.envoy.config.core import Address, SocketAddress
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints
from meshcompile.envoy.extensions.filters.network.tcp_proxy import TcpProxy
from meshcompile.envoy.message import TYPE_URL, Message, Packed, Unmodelled, replaced
from meshcompile.envoy.udpa import TypedStruct
from meshcompile.output.packed import known, type_of
from meshcompile.output.walk import messages, rewritten

TCP_PROXY = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
OAUTH = Unmodelled({"@type": f"{TYPE_URL}envoy.extensions.filters.http.oauth2.v3.OAuth2"})


def assignment(*hosts: str) -> ClusterLoadAssignment:
    endpoints = (
        LbEndpoint(endpoint=Endpoint(address=Address(socket_address=SocketAddress(address=host)))) for host in hosts
    )
    return ClusterLoadAssignment(endpoints=(LocalityLbEndpoints(lb_endpoints=tuple(endpoints)),))


def moved(message: Message) -> Message:
    match message:
        case SocketAddress(address="10.0.0.1"):
            return replaced(message, address="127.0.0.1")
        case _:
            return message


def test_every_message_is_met() -> None:
    """A walk visits lists, maps and packed messages, and stops at types that are not generated."""
    found = list(messages({"a": assignment("10.0.0.1"), "b": (OAUTH,)}))
    assert [type(each).__name__ for each in found] == [
        "ClusterLoadAssignment", "LocalityLbEndpoints", "LbEndpoint", "Endpoint", "Address", "SocketAddress",
        "Unmodelled",
    ]  # fmt: skip


def test_what_does_not_change_is_the_same_object() -> None:
    """A rewritten value shares all unchanged parts."""
    before = assignment("10.0.0.1", "10.0.0.2")
    after = rewritten(before, moved)
    assert after == assignment("127.0.0.1", "10.0.0.2")
    assert after.endpoints[0].lb_endpoints[1] is before.endpoints[0].lb_endpoints[1]
    unconcerned = assignment("10.0.0.3")
    assert rewritten(unconcerned, moved) is unconcerned


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (TcpProxy(), TCP_PROXY),
        (TypedStruct(type_url=f"{TYPE_URL}stats.PluginConfig"), "stats.PluginConfig"),
        (Unmodelled({"@type": f"{TYPE_URL}xds.type.v3.TypedStruct", "typeUrl": f"x/{TCP_PROXY}"}), TCP_PROXY),
        (Unmodelled({"@type": "a/b.C"}), "b.C"),
        (None, ""),
    ],
)
def test_the_type_of_a_packed_message(config: Packed | None, name: str) -> None:
    """The type is the full name without the URL prefix and, for a TypedStruct, that of its content."""
    assert type_of(config) == name


def test_messages_with_another_type_url() -> None:
    """An EnvoyFilter may write a type with another URL prefix, and it is the same message.

    A type that is not generated, and its fields, are unchanged.
    """
    odd = Unmodelled({"@type": f"types.example/{TCP_PROXY}", "cluster": "a"})
    assert known(odd) == TcpProxy(cluster="a")
    unknown_field = Unmodelled({"@type": f"types.example/{TCP_PROXY}", "clusters": "a"})
    assert known(unknown_field) is unknown_field
    assert known(OAUTH) is OAUTH
