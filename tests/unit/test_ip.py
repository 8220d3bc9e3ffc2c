"""IP addresses and CIDR ranges."""

from __future__ import annotations

import pytest

from meshcompile.values.ip import Range, cidr_range, is_ip


@pytest.mark.parametrize("text", ["10.0.0.1", "::1", "fd00::", "::ffff:10.0.0.1"])
def test_addresses_of_both_versions(text: str) -> None:
    """Every spelling of an address of either version is recognized."""
    assert is_ip(text)


@pytest.mark.parametrize("text", ["", "web", "web-1", "10.0.0", "10.0.0.1:80", "*.shop.com", "10.0.0.0/8"])
def test_names_and_ranges_are_no_addresses(text: str) -> None:
    """A hostname, a range and an address with a port are not addresses."""
    assert not is_ip(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.1.2.3", Range("10.1.2.3", 32)),
        ("10.1.2.3/16", Range("10.1.2.3", 16)),
        ("2001:DB8::1", Range("2001:db8::1", 128)),
        ("2001:db8::1/0", Range("2001:db8::1", 0)),
        ("::ffff:10.1.2.3", Range("::ffff:10.1.2.3", 128)),
        ("10.0.0.0/08", None),
        ("10.0.0.0/33", None),
        ("10.0.0.0/255.0.0.0", None),
        ("10.0.0.0/", None),
        ("fe80::1%eth0/64", None),
        ("010.0.0.1", None),
        ("web.shop", None),
    ],
)
def test_ranges_are_read_as_go_reads_them(text: str, expected: Range | None) -> None:
    """A range keeps its host bits, and text that Go rejects is not a range."""
    assert cidr_range(text) == expected
