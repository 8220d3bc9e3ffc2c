"""Which hosts two route tables are compared for, and with which paths."""

from __future__ import annotations

import pytest

from meshcompile.envoy.config.route import (
    HeaderMatcher,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
)
from meshcompile.envoy.type.matcher import StringMatcher
from meshcompile.spaces import starting_with
from meshcompile.symbolic.comparison import RouteDifference, route_differences

EVERYTHING = RouteMatch(prefix="/")


def table(*hosts: tuple[str, RouteMatch, str]) -> RouteConfiguration:
    """A table with one route per domain."""
    made = (
        VirtualHost(name=domain, domains=(domain,), routes=(Route(match=match, route=RouteAction(cluster=cluster)),))
        for domain, match, cluster in hosts
    )
    return RouteConfiguration(name="80", virtual_hosts=tuple(made), ignore_port_in_host_matching=True)


@pytest.mark.parametrize("others", [(), ("*.example",), ("*.example", "any", "a")])
def test_the_domain_of_all_hosts_is_compared(others: tuple[str, ...]) -> None:
    """A change for all hosts is found, whatever other domains take, and its witness is none of theirs."""
    rest = [(each, EVERYTHING, "other") for each in others]
    before, after = (table(("*", EVERYTHING, cluster), *rest) for cluster in "uv")
    (found,) = route_differences(before, after)
    assert isinstance(found, RouteDifference)
    assert found.group.authority not in others
    assert not others or not found.group.authority.endswith(".example")


def test_a_domain_with_a_port_where_ports_are_ignored() -> None:
    """A domain with a port takes only hosts with one more port, and those are compared."""
    before, after = (table(("shop.example:80", EVERYTHING, cluster)) for cluster in "uv")
    (found,) = route_differences(before, after)
    assert found.group.authority.startswith("shop.example:80:")


def test_paths_that_normalization_removes_are_no_difference() -> None:
    """A route for a path with dots does nothing, unless routes can see such paths."""
    hosts = ("shop.example", RouteMatch(prefix="/a/../b"), "u"), ("other.example", EVERYTHING, "u")
    assert list(route_differences(table(*hosts[1:]), table(*hosts))) == []
    assert len(list(route_differences(table(*hosts[1:]), table(*hosts), starting_with("/")))) == 1


def test_all_domains_of_a_virtual_host_are_compared() -> None:
    """A route that only hosts of one of several domains reach makes a difference."""
    asks = RouteMatch(prefix="/", headers=(HeaderMatcher(name=":authority", string_match=StringMatcher(prefix="a")),))
    domains = ("*.shop.example", "shop.*")
    routes = Route(match=asks, route=RouteAction(cluster="u")), Route(match=EVERYTHING, route=RouteAction(cluster="v"))
    before, after = (
        RouteConfiguration(name="80", virtual_hosts=(VirtualHost(name="shop", domains=domains, routes=each),))
        for each in (routes, routes[1:])
    )
    (found,) = route_differences(before, after)
    assert isinstance(found, RouteDifference)
    assert str(found.witness["authority"]).endswith(".shop.example")
