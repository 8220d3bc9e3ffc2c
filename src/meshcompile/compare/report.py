"""The difference of two meshes as text for people: on a terminal, and in Markdown for a pull request."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from meshcompile.compare.authorization import policy_lines
from meshcompile.compare.data import lines
from meshcompile.compare.effects import Protection, protection
from meshcompile.compare.mesh_diff import MeshChange, MeshDiff, ResourceGroup
from meshcompile.compare.risks import Risk
from meshcompile.words import counted

RISKS: Mapping[Risk, str] = {
    Risk.EXPOSURE: "a gateway answers requests that it did not answer before",
    Risk.AUTHORIZATION_WIDENED: "a policy lets requests pass that it denied before",
    Risk.MTLS_WEAKENED: "requests are no longer protected by mutual TLS or TLS",
    Risk.ROUTE_TO_NOTHING: "requests go to a host or an endpoint that does not exist",
    Risk.LISTENER_DRAIN: "a listener goes away, and its connections are closed",
}
MOST_NAMES = 3
"""The number of names of a list that are shown."""


def summary(diff: MeshDiff) -> str:
    """The difference in one sentence."""
    if diff.changes:
        what = f"{counted(len(diff.changes), 'change')} of behaviour"
        risky = f", risky: {', '.join(map(str, diff.risky))}" if diff.risky else ""
        return f"{what} at {counted(len(_proxies(diff)), 'workload')}{risky}"
    if diff.undecided:
        return "no change of behaviour was found, but not everything could be compared"
    if diff.resources:
        return "no behavioural change (proved), but the configuration of some proxies changes"
    if diff.added or diff.removed:
        return "no behavioural change (proved) for the proxies of both sides"
    return "no change: every proxy gets the same configuration"


def _proxies(diff: MeshDiff) -> frozenset[str]:
    return frozenset(name for change in diff.changes for name in change.proxies)


def text(diff: MeshDiff) -> str:
    """The report for a terminal."""
    return "\n".join(_text(diff)) + "\n"


def _text(diff: MeshDiff) -> Iterator[str]:
    yield summary(diff)
    for change in diff.changes:
        yield ""
        yield from change_lines(change)
    if diff.policies:
        yield ""
        yield "policies:"
        yield from policy_lines(diff.policies)
    if diff.undecided:
        yield ""
        yield "not compared:"
        yield from (f"  {proxy}: {reason}" for proxy, reason in diff.undecided)
    if diff.resources:
        yield ""
        yield from _resource_lines(diff.resources)
    yield from _fleet_lines(diff)


def change_lines(change: MeshChange) -> Iterator[str]:
    """A set of requests that is treated differently, with a witness."""
    yield f"{_title(change)}"
    yield f"  proxies  {names(change.proxies)}"
    yield f"  witness  {request(change.witness)}"
    yield f"  before   {outcome(change.before, change.after)}{_at(lines(change.lines_before))}"
    yield f"  after    {outcome(change.after, change.before)}{_at(lines(change.lines_after))}"
    for risk in change.risky:
        yield f"  risk     {risk}: {RISKS[risk]}"


def _title(change: MeshChange) -> str:
    """`requests to catalog.shop for /admin`."""
    kind, _, rest = change.requests.partition(" ")
    hosts = f" to {names(change.hosts)}" if change.hosts and not rest.startswith("in ") else ""
    return f"{kind}{hosts} {rest}".rstrip()


def names(all_names: Sequence[str]) -> str:
    """`a, b, c and 4 more`."""
    shown = ", ".join(all_names[:MOST_NAMES])
    return shown if len(all_names) <= MOST_NAMES else f"{shown} and {len(all_names) - MOST_NAMES} more"


def _at(places: Sequence[str]) -> str:
    return f"  ({names(places)})" if places else ""


def request(witness: Mapping[str, Any]) -> str:
    """A witness in one line: `GET http://catalog/ from deployment/web.shop`."""
    if "url" in witness:
        asked = f"{witness['method']} {witness['url']}"
    else:
        asked = f"connection to {witness.get('ip')}:{witness.get('port')}"
    headers = "".join(f" -H '{name}: {value}'" for name, value in witness.get("headers", {}).items())
    sender = witness.get("from") or (
        "a client with mutual TLS" if witness.get("principal") else "a client in plain text"
    )
    if sender == "outside" and witness.get("principal"):
        sender = "outside with a client certificate"
    to = f" to {witness['to']}" if "to" in witness else ""
    return f"{asked}{headers} from {sender}{to}"


def outcome(data: Mapping[str, Any], other: Mapping[str, Any] | None = None) -> str:
    """An outcome in one line: `200 from catalog.shop v2 (outbound|80|v2|...)`.

    The number of retries is shown if the outcome on the other side has another.
    """
    if "outcomes" in data:
        return "; ".join(f"{each['share']:g}%: {outcome(each)}" for each in data["outcomes"])
    answered = data.get("answered_by")
    by = f" from {answered if isinstance(answered, str) else names(answered)}" if answered else ""
    status = "closed" if data["status"] is None else str(data["status"])
    told = ("flags", "details", "timeout", "mirrors", "location")
    more = [f"{name} {_value(data[name])}" for name in told if data.get(name)]
    if other is not None and data.get("retries") != other.get("retries"):
        more.append(f"retries {data.get('retries', 0)}")
    more += [f"header {name}: {_value(value)}" for name, value in data.get("upstream_headers", {}).items()]
    more += [f"depends on {each}" for each in data.get("depends_on", ())]
    return ", ".join([f"{status}{by}{_cluster(data)}", *more])


def _cluster(data: Mapping[str, Any]) -> str:
    """The cluster, and how it is connected to."""
    if not data.get("cluster"):
        return ""
    return f" ({data['cluster']}{f', {PROTECTIONS[protection(data)]}' if 'mtls' in data else ''})"


PROTECTIONS = {Protection.MUTUAL_TLS: "mTLS", Protection.TLS: "TLS", Protection.PLAIN: "plain text"}


def _value(value: Any) -> str:
    return "removed" if value is None else ", ".join(value) if isinstance(value, list) else str(value)


def _resource_lines(groups: Iterable[ResourceGroup]) -> Iterator[str]:
    yield "resources:"
    for group in groups:
        yield f"  {names(group.proxies)}"
        for each in group.resources:
            sign = {"added": "+", "removed": "-", "changed": "~"}[each.change]
            yield f"    {sign} {each.type} {each.name}"


def _fleet_lines(diff: MeshDiff) -> Iterator[str]:
    for workloads, what in ((diff.added, "only after the change"), (diff.removed, "only before the change")):
        if workloads:
            yield ""
            yield f"proxies {what}: {names(workloads)}"


def markdown(diff: MeshDiff) -> str:
    """The report as a comment of a pull request: short, and the details folded."""
    return "\n".join(_markdown(diff)) + "\n"


def _markdown(diff: MeshDiff) -> Iterator[str]:
    yield f"**meshcompile diff**: {summary(diff)}"
    if diff.changes:
        yield ""
        yield "| requests | before | after | lines |"
        yield "|---|---|---|---|"
    for change in diff.changes:
        places = lines((*change.lines_before, *change.lines_after))
        marks = "".join(f" ⚠️ {risk}" for risk in change.risky)
        outcomes = outcome(change.before, change.after), outcome(change.after, change.before)
        cells = (f"{_title(change)}{marks}", *outcomes, ", ".join(places))
        yield f"| {' | '.join(map(_cell, cells))} |"
    for title, body in _details(diff):
        yield from details(title, body)


def details(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Lines of Markdown that are folded under a title."""
    yield from ("", f"<details><summary>{title}</summary>", "", "```", *lines, "```", "", "</details>")


def _cell(value: str) -> str:
    return value.replace("|", "\\|")


def _details(diff: MeshDiff) -> Iterator[tuple[str, list[str]]]:
    if diff.changes:
        witnesses = [f"{request(change.witness)}    [{names(change.proxies)}]" for change in diff.changes]
        yield "witnesses", witnesses
    if diff.policies:
        yield "policies", list(policy_lines(diff.policies))
    if diff.undecided:
        yield "not compared", [f"{proxy}: {reason}" for proxy, reason in diff.undecided]
    if diff.resources:
        yield "resources", list(_resource_lines(diff.resources))[1:]


def github(diff: MeshDiff) -> str:
    """Annotations for GitHub Actions: a warning at each line of a risky change, a notice at those of others."""
    return "".join(f"{line}\n" for change in diff.changes for line in _annotations(change))


def _annotations(change: MeshChange) -> Iterator[str]:
    level = "warning" if change.risky else "notice"
    message = f"{_title(change)}: {outcome(change.before, change.after)} becomes {outcome(change.after, change.before)}"
    for place in lines(change.lines_after) or lines(change.lines_before):
        file, _, line = place.rpartition(":")
        yield f"::{level} file={file},line={line},title=meshcompile diff::{escaped(message)}"


def escaped(message: str) -> str:
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
