"""Hosts that cover another one, found without trying every suffix."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meshcompile.analyze.host_names import HostNames
from meshcompile.values.hosts import subset_of

HOSTS = st.sampled_from(["a", "b.a", "c.b.a", "xa", "*", "*a", "*.a", "*.b.a", "*b.a", "*.c.b.a"])


@given(st.frozensets(HOSTS), HOSTS)
def test_covering(names: frozenset[str], host: str) -> None:
    """All names that cover a host are found, each once, from the host itself to the widest."""
    found = list(HostNames.of(names).covering(host))
    assert sorted(found) == sorted(name for name in names if subset_of(host, name))
    assert [len(name) for name in found if name != host] == sorted((len(n) for n in found if n != host), reverse=True)
    assert host not in found[1:]
