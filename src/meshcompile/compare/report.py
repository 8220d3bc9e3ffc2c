"""The difference of two meshes as text for people: on a terminal, and in Markdown for a pull request."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from meshcompile.compare.authorization import PolicyChange, policy_lines
from meshcompile.compare.data import lines
from meshcompile.compare.effects import DENIED, Protection, protection
from meshcompile.compare.mesh_diff import MeshChange, MeshDiff, ResourceGroup
from meshcompile.compare.probes import SOMEWHERE
from meshcompile.compare.risks import Risk
from meshcompile.words import counted

RISKS: Mapping[Risk, str] = {
    Risk.EXPOSURE: "requests from outside are answered that were not answered before",
    Risk.AUTHORIZATION_WIDENED: "a policy lets requests pass that it denied before",
    Risk.MTLS_WEAKENED: "requests are no longer protected by mutual TLS or TLS",
    Risk.ROUTE_TO_NOTHING: "requests go to a host or an endpoint that does not exist",
    Risk.LISTENER_DRAIN: "a listener goes away, and its connections are closed",
}
MOST_SETTINGS = 12
MOST_NAMES = 3
"""The number of names of a list that are shown."""


def summary(diff: MeshDiff) -> str:
    """The difference in one sentence."""
    risky = f", risky: {', '.join(map(str, diff.risky))}" if diff.risky else ""
    if diff.changes:
        return f"{_counted_changes(diff)} at {counted(len(_proxies(diff)), 'workload')}{risky}"
    if diff.behaviour == "changed":
        workloads = {name for each in diff.policies if each.differs for name in each.proxies}
        return f"other requests are admitted at {counted(len(workloads), 'workload')} (proved){risky}"
    if diff.behaviour == "unknown":
        return "no change of behaviour was found, but not everything could be compared"
    if diff.resources:
        return "no behavioural change (proved), but the configuration of some proxies changes"
    if diff.added or diff.removed:
        return "no behavioural change (proved) for the proxies of both sides"
    return "no change: every proxy gets the same configuration"


def _counted_changes(diff: MeshDiff) -> str:
    """`2 changes of behaviour and 1 change of settings`."""
    settings = sum(bool(each.settings) for each in diff.changes)
    counts = (len(diff.changes) - settings, "behaviour"), (settings, "settings")
    return " and ".join(f"{counted(count, 'change')} of {what}" for count, what in counts if count)


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
        yield from (f"  {line}" for line in undecided_lines(diff))
    if diff.resources:
        yield ""
        yield from _resource_lines(diff.resources)
    yield from _fleet_lines(diff)


def change_lines(change: MeshChange) -> Iterator[str]:
    """A set of requests that is treated differently, with a witness."""
    yield f"{_title(change)}"
    yield f"  proxies  {names(change.proxies)}"
    yield f"  witness  {request(change.witness)}"
    if change.settings:
        yield f"  outcome  {outcome(change.after, change.before)}{_at(_all_lines(change))}"
        yield from (f"  setting  {each}" for each in setting_lines(change, MOST_SETTINGS))
    else:
        yield f"  before   {outcome(change.before, change.after)}{_at(lines(change.lines_before))}"
        yield f"  after    {outcome(change.after, change.before)}{_at(lines(change.lines_after))}"
    for risk in change.risky:
        yield f"  risk     {risk}: {RISKS[risk]}"


def setting_lines(change: MeshChange, most: int) -> Iterator[str]:
    """The first settings that differ, and how many more there are."""
    yield from map(str, change.settings[:most])
    if len(change.settings) > most:
        yield f"{len(change.settings) - most} more"


def _all_lines(change: MeshChange) -> Sequence[str]:
    return lines((*change.lines_before, *change.lines_after))


def undecided_lines(diff: MeshDiff) -> Iterator[str]:
    """What could not be compared, each reason once, with the proxies that it is about."""
    groups: dict[str, list[str]] = {}
    for proxy, reason in diff.undecided:
        groups.setdefault(reason, []).append(proxy)
    return (f"{names(proxies)}: {reason}" for reason, proxies in groups.items())


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


def asked(witness: Mapping[str, Any]) -> str:
    """What a witness asks for: `GET http://catalog/`. A long token is cut."""
    if "url" not in witness:
        return f"connection to {witness.get('ip')}:{witness.get('port')}"
    headers = "".join(f" -H '{name}: {_short(value)}'" for name, value in witness.get("headers", {}).items())
    return f"{witness['method']} {witness['url']}{headers}"


LONGEST = 60


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def request(witness: Mapping[str, Any]) -> str:
    """A witness in one line: `GET http://catalog/ from deployment/web.shop`."""
    sender = witness.get("from") or witness.get("principal") or "a client in plain text"
    if sender == "outside" and witness.get("principal"):
        sender = "outside with a client certificate"
    to = f" to {witness['to']}" if "to" in witness else ""
    place = f" at {witness['from_ip']}" if "from_ip" in witness else ""
    return f"{asked(witness)} from {sender}{place}{to}"


def outcome(data: Mapping[str, Any], other: Mapping[str, Any] | None = None) -> str:
    """An outcome in one line: `200 from catalog.shop v2 (outbound|80|v2|...)`.

    The number of retries is shown if the outcome on the other side has another.
    """
    if "outcomes" in data:
        return "; ".join(f"{each['share']:g}%: {outcome(each)}" for each in data["outcomes"])
    answered = data.get("answered_by")
    by = f" from {answered if isinstance(answered, str) else names(answered)}" if answered else ""
    status = "closed" if data["status"] is None else str(data["status"])
    more = [_told(name, data[name]) for name in TOLD if data.get(name)]
    if other is not None and data.get("retries") != other.get("retries"):
        more.append(f"retries {data.get('retries', 0)}")
    more += [f"header {name}: {_value(value)}" for name, value in data.get("upstream_headers", {}).items()]
    more += [f"depends on {each}" for each in data.get("depends_on", ())]
    return ", ".join([f"{status}{by}{_cluster(data)}", *more])


def brief(data: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """An outcome for a narrow table: the status, who answers, and what the other outcome has otherwise."""
    if "outcomes" in data:
        return "<br>".join(f"{each['share']:g}%: {brief(each, {})}" for each in data["outcomes"])
    status = "closed" if data["status"] is None else str(data["status"])
    answered = data.get("answered_by") or data.get("cluster")
    by = f" from {answered if isinstance(answered, str) else names(answered)}" if answered else ""
    told = [_told(name, data[name]) for name in TOLD if data.get(name) and data.get(name) != other.get(name)]
    told += [f"header {name}: {_value(value)}" for name, value in data.get("upstream_headers", {}).items()]
    told += [f"depends on {each}" for each in data.get("depends_on", ())]
    if "mtls" in data and "mtls" in other and protection(data) != protection(other):
        told.append(PROTECTIONS[protection(data)])
    return ", ".join([f"{status}{by}", *told])


TOLD = ("flags", "details", "timeout", "mirrors", "location")
"""What is told of an outcome, if it has it."""


def _told(name: str, value: Any) -> str:
    """A part of an outcome. The verdict of a policy is said in words."""
    if name == "details" and (port := UNHEARD.fullmatch(str(value))) is not None:
        return f"nothing listens on port {port[1]}"
    if name != "details" or not str(value).startswith(DENIED):
        return f"{name} {_value(value)}"
    if (found := DENIED_BY.search(str(value))) is not None:
        return f"denied by AuthorizationPolicy {found['namespace']}/{found['name']}"
    return "no AuthorizationPolicy allows it"


UNHEARD = re.compile(rf"nothing listens at {re.escape(SOMEWHERE)}:(\d+)")
DENIED_BY = re.compile(r"\[ns\[(?P<namespace>[^\]]*)\]-policy\[(?P<name>[^\]]*)\]-rule\[\d+\]\]")


def _cluster(data: Mapping[str, Any]) -> str:
    """The cluster, and how it is connected to."""
    if not data.get("cluster"):
        return ""
    return f" ({data['cluster']}{f', {PROTECTIONS[protection(data)]}' if 'mtls' in data else ''})"


PROTECTIONS = {Protection.MUTUAL_TLS: "mTLS", Protection.TLS: "TLS", Protection.PLAIN: "plain text"}


def _value(value: Any) -> str:
    return "removed" if value is None else ", ".join(value) if isinstance(value, list) else _short(value)


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
    yield from (f"| {' | '.join(map(_cell, _cells(change)))} |" for change in diff.changes)
    for title, body in _details(diff):
        yield from details(title, body)


def _cells(change: MeshChange) -> Iterator[str]:
    """The cells of a row: requests, outcomes, and places."""
    yield f"{_title(change)}, such as `{asked(change.witness)}`{''.join(f'<br>⚠️ {risk}' for risk in change.risky)}"
    yield brief(change.before, change.after)
    yield "<br>".join(setting_lines(change, MOST_NAMES)) or brief(change.after, change.before)
    yield "<br>".join(f"`{place}`" for place in _shown_places(change))


def _shown_places(change: MeshChange) -> Iterator[str]:
    places = _all_lines(change)
    yield from places[:MOST_NAMES]
    if len(places) > MOST_NAMES:
        yield f"{len(places) - MOST_NAMES} more"


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
        yield "not compared", list(undecided_lines(diff))
    if diff.resources:
        yield "resources", list(_resource_lines(diff.resources))[1:]


def github(diff: MeshDiff) -> str:
    """Annotations for GitHub Actions: a warning at each line of a risky change, a notice at those of others."""
    changes = (line for change in diff.changes for line in _annotations(change))
    policies = (line for change in diff.policies for line in _policy_annotations(change))
    return "".join(f"{line}\n" for line in (*changes, *policies))


def _annotations(change: MeshChange) -> Iterator[str]:
    before, after = outcome(change.before, change.after), outcome(change.after, change.before)
    what = ", ".join(map(str, change.settings)) or f"{before} becomes {after}"
    for place in lines(change.lines_after) or lines(change.lines_before):
        yield _annotation(place, f"{_title(change)}: {what}", is_warning=bool(change.risky))


def _policy_annotations(change: PolicyChange) -> Iterator[str]:
    """The proofs about policies, at the rules that admit or refuse the requests that show the difference."""
    message = "\n".join(map(str.strip, policy_lines([change])))
    found = change.comparison
    witnesses = [each for each in (found.gained, found.lost) if each is not None]
    for place in lines(place for each in witnesses for place in each.places):
        yield _annotation(place, message, is_warning=change.widens)


def _annotation(place: str, message: str, *, is_warning: bool) -> str:
    file, _, line = place.rpartition(":")
    level = "warning" if is_warning else "notice"
    return f"::{level} file={file},line={line},title=meshcompile diff::{escaped(message)}"


def escaped(message: str) -> str:
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
