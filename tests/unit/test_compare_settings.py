"""Changes of settings, of which an outcome says nothing."""

from __future__ import annotations

import pytest

from meshcompile import MeshDiff
from meshcompile.compare.report import markdown, text
from tests.unit.test_compare import SHOP, difference, only, route
from tests.unit.test_compare_tls import SECURE_POD, secured


def rule(policy: str) -> str:
    """A DestinationRule of the catalog."""
    return f"""
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {{name: catalog, namespace: shop}}
        spec: {{host: catalog, trafficPolicy: {{{policy}}}}}
        """


def settings(diff: MeshDiff) -> list[str]:
    """The settings of requests to the catalog."""
    (change,) = (each for each in diff.changes if each.before["cluster"].startswith("outbound"))
    assert change.before == change.after
    return [*map(str, change.settings)]


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        (
            "connectionPool: {tcp: {maxConnections: 5}}",
            "connectionPool: {tcp: {maxConnections: 9}}",
            ["connection pool: maxConnections 5 -> 9"],
        ),
        (
            "connectionPool: {tcp: {connectTimeout: 10s}}",
            "connectionPool: {tcp: {maxConnections: 9}}",
            ["connection pool: maxConnections no limit -> 9"],
        ),
        (
            "loadBalancer: {simple: ROUND_ROBIN}",
            "loadBalancer: {simple: RANDOM}",
            ["load balancing: lbPolicy none -> RANDOM"],
        ),
        (
            "outlierDetection: {interval: 5s, consecutive5xxErrors: 3}",
            "outlierDetection: {interval: 9s, consecutive5xxErrors: 3}",
            ["outlier detection: interval 5s -> 9s"],
        ),
    ],
)
def test_settings_of_clusters(before: str, after: str, wanted: list[str]) -> None:
    """The settings of a cluster are named, with both values."""
    diff = difference(rule(before), rule(after))
    assert settings(diff) == wanted
    assert diff.behaviour == "changed"
    assert f"  setting  {wanted[0]}\n" in text(diff)
    assert wanted[0] in markdown(diff)


def test_settings_are_counted_apart() -> None:
    """The summary tells changes of settings from those of behaviour."""
    before = "---\n".join([rule("connectionPool: {tcp: {maxConnections: 5}}"), route("{uri: {exact: /a}}")])
    after = "---\n".join([rule("connectionPool: {tcp: {maxConnections: 9}}"), route("{uri: {exact: /a}}", "1s")])
    first = text(difference(before, after)).splitlines()[0]
    assert first.startswith("1 change of behaviour and ")
    assert " of settings at 2 workloads" in first


def test_the_certificate_of_a_gateway() -> None:
    """Another certificate is named, although the gateway forwards as before."""
    other = secured().replace("credentialName: front", "credentialName: other")
    change = only(difference(secured(), other, "---\n".join([SHOP, SECURE_POD])))
    (setting,) = change.settings
    assert (setting.group, setting.before, setting.after) == (
        "TLS of the gateway",
        "kubernetes://front",
        "kubernetes://other",
    )
