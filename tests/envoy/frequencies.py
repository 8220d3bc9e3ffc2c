"""How often something happens: shares of outcomes over many requests, and the copies that mirrors get."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from meshcompile.simulate import ForwardedRequest, ProxyOutcome

DEVIATIONS = 6.0
"""A share is wrong if it is so many standard deviations away. Chance alone does this once in 500 million."""


LEAST_VARIANCE = 1.5
"""The variance from which the deviation of a tally is near a normal one."""
EXPONENT = 18.0
"""Chance alone passes the bound of Laurent and Massart for squared deviations with a probability of e to minus this."""


@dataclass(slots=True)
class Tally:
    """How often outcomes with one share were expected, and how often they happened."""

    expected: float = 0
    variance: float = 0
    observed: int = 0

    def add(self, share: float, did: bool) -> None:
        """Add a request for which the outcome was expected with this share."""
        self.expected += share
        self.variance += share * (1 - share)
        self.observed += did

    @property
    def is_likely(self) -> bool:
        return bool(abs(self.observed - self.expected) <= DEVIATIONS * self.variance**0.5 + 1)


@dataclass(slots=True)
class Shares:
    """How often outcomes happened: by share over all meshes, and by mesh, cluster and share.

    Over all meshes, outcomes with equal shares of one request make up for each other. Those of one cluster do not.
    """

    tallies: defaultdict[Fraction, Tally] = field(default_factory=lambda: defaultdict(Tally))
    of_clusters: defaultdict[tuple[str, str, Fraction], Tally] = field(default_factory=lambda: defaultdict(Tally))

    def add(self, mesh: str, outcomes: Sequence[ProxyOutcome], happened: Sequence[bool]) -> None:
        """Add a request, with what happened. Outcomes that look the same, or that depend on something, say nothing."""
        if sum(happened) != 1 or any(each.depends_on for each in outcomes):
            return
        if sum(each.share for each in outcomes) != 1:
            return
        for outcome, did in zip(outcomes, happened, strict=True):
            self.tallies[outcome.share].add(float(outcome.share), did)
        first, did = min(zip(outcomes, happened, strict=True), key=lambda each: each[0].cluster)  # the others follow
        self.of_clusters[mesh, first.cluster, first.share].add(float(first.share), did)

    def unlikely(self) -> Iterator[str]:
        """The shares that Envoy does not have."""
        for share, tally in self.tallies.items():
            if not tally.is_likely:
                yield f"share {share}: expected {tally.expected:.0f} times, happened {tally.observed} times"
        known = [tally for tally in self.of_clusters.values() if tally.variance >= LEAST_VARIANCE]
        squares = sum((tally.observed - tally.expected) ** 2 / tally.variance for tally in known)
        if squares > len(known) + 2 * (EXPONENT * len(known)) ** 0.5 + 2 * EXPONENT:
            yield f"shares of {len(known)} clusters: the squared deviations add up to {squares:.0f}"


@dataclass(slots=True)
class Copies:
    """How many requests each cluster must get at least and at most, with the copies of mirrors.

    Nothing is expected of `unknown` clusters: those that get bytes, since Envoy counts connections as requests. No copy
    arrives at `empty` clusters, which have no endpoints.
    """

    unknown: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    least: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    most: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, outcomes: Sequence[ProxyOutcome]) -> None:
        """Add a request."""
        ranges = [_received(outcome) for outcome in outcomes]
        for cluster in {name for each in ranges for name in each}:
            self.least[cluster] += min(each.get(cluster, (0, 0))[0] for each in ranges)
            self.most[cluster] += max(each.get(cluster, (0, 0))[1] for each in ranges)

    def unlikely(self, counted: Mapping[str, int]) -> Iterator[str]:
        """The clusters that got another number of requests: `counted` has Envoy's statistics."""
        for name, found in counted.items():
            cluster = name.removeprefix("cluster.").removesuffix(".upstream_rq_total")
            least, most = (0, 0) if cluster in self.empty else (self.least[cluster], self.most[cluster])
            if cluster not in self.unknown and AUTHORIZER not in cluster and not least <= found <= most:
                yield f"cluster {cluster} got {found} requests, expected {least} to {most}"


AUTHORIZER = "|authz."
"""The service that decides about requests, which gets requests of its own."""


def _received(outcome: ProxyOutcome) -> dict[str, tuple[int, int]]:
    """How many requests each cluster gets at least and at most because of one."""
    if not isinstance(outcome.ending, ForwardedRequest):
        return {}
    found: defaultdict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    found[outcome.cluster] = (1, 1)
    for mirror in outcome.ending.policies.mirrors:
        least, most = found[mirror.cluster]
        found[mirror.cluster] = (least + (mirror.share == 1), most + (mirror.share > 0))
    return found
