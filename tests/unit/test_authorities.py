"""The authorities of requests that come to a virtual host."""

from __future__ import annotations

import pytest

from meshcompile.symbolic.authorities import taken_by


@pytest.mark.parametrize(
    ("domain", "taken", "left"),
    [
        ("shop.example", ("shop.example", "SHOP.example", "shop.example:80"), ("a.shop.example", "shop.example:80:x")),
        ("shop.example:80", ("shop.example:80:8080",), ("shop.example:80", "shop.example")),
        ("*.example", ("shop.example", "shop.example:80", "a!b.example"), ("example", ".example", "a:80.example")),
        ("shop.*", ("shop.example", "shop.a:80:8080"), ("shop.", "shop.:80")),
        ("*", ("shop.example", "[fd00::9]:80", "a:80:8080"), ("", "a b")),
    ],
)
def test_ports_are_ignored(domain: str, taken: tuple[str, ...], left: tuple[str, ...]) -> None:
    """A domain takes authorities with any port, and every character that Envoy accepts."""
    found = taken_by(domain, (), ports=True)
    assert [each for each in (*taken, *left) if found.accepts(each)] == list(taken)


def test_ports_count() -> None:
    """Without ignoring ports, a domain takes its own port only."""
    assert taken_by("shop.example:80", (), ports=False).accepts("shop.example:80")
    assert not taken_by("shop.example", (), ports=False).accepts("shop.example:80")
