"""What passes from one proxy to the next: the request as it is forwarded, the time that is left, and the endpoints."""

from collections.abc import Iterator
from fractions import Fraction

from meshcompile.explain.ambient import tunnelled
from meshcompile.explain.journey import Passage
from meshcompile.explain.world import World
from meshcompile.simulate import ForwardedRequest, HttpRequest
from meshcompile.simulate.cluster import ChosenCluster, EndpointChoice
from meshcompile.simulate.outcomes import Ending


def forwarded(passage: Passage) -> HttpRequest | None:
    """The request as the next proxy gets it."""
    match passage.outcome.ending:
        case ForwardedRequest(headers=headers):
            lines = tuple((name, value) for name, values in headers.lines.items() for value in values)
            kept = tuple((name, value) for name, value in lines if not name.startswith(":"))
            return HttpRequest(
                method=headers.first(":method"),
                authority=headers.first(":authority"),
                path=headers.first(":path"),
                headers=kept,
                claims=passage.request.claims if passage.request is not None else None,
            )
        case _:
            return passage.request


def timed_out(passages: tuple[Passage, ...], delay: float) -> Passage | None:
    """The first proxy that does not wait long enough for an answer; None if all do."""
    for each in passages:
        ending: Ending = each.outcome.ending
        if isinstance(ending, ForwardedRequest):
            per_try = ending.policies.retries.per_try_timeout if ending.policies.retries else None
            limits = [limit for limit in (ending.policies.timeout, per_try) if limit]
            if limits and delay > min(limits):
                return each
    return None


def by_workload(world: World, cluster: ChosenCluster) -> Iterator[tuple[EndpointChoice, Fraction]]:
    """One endpoint for each workload, with the share of all of its endpoints."""
    found: dict[str, tuple[EndpointChoice, Fraction]] = {}
    for each in cluster.endpoints:
        host, _ = tunnelled(each.address)
        pod = world.pods.get(host)
        name = world.answering(pod) if pod is not None else each.address
        known = found.get(name, (each, Fraction(0)))
        found[name] = known[0], known[1] + each.share
    yield from found.values()


def first_http(passages: tuple[Passage, ...]) -> Passage | None:
    """The first proxy on the way, which is where the outcome of an answered request is seen."""
    return passages[0] if passages else None
