"""The destination of a request according to the VirtualServices alone.

It evaluates the YAML data rule by rule, as slowly and plainly as Istio's documentation describes it. It knows nothing
about Envoy's configuration and shares no code with the compiler.

It covers what the generated meshes use: Kubernetes Services, ServiceEntries with one exact host, one Gateway with one
HTTP server, and every kind of HTTP rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Object = Mapping[str, Any]
Pairs = Sequence[tuple[str, str]]
MESH = "mesh"


@dataclass(frozen=True, slots=True)
class Request:
    """A request of a client. The path includes the query. A header may have several lines."""

    method: str
    authority: str
    target: str
    scheme: str = "http"
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def path(self) -> str:
        return normalized(self.target.partition("?")[0])

    @property
    def query(self) -> str:
        _, mark, query = self.target.partition("?")
        return mark + query

    def header(self, name: str) -> str | None:
        """The value, with several lines joined, or None if there is no such header."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return ",".join(found) if found else None

    def parameter(self, name: str) -> str | None:
        """The first parameter with this name."""
        pairs = (part.partition("=") for part in self.query[1:].split("&") if part)
        return next((value for key, _, value in pairs if key == name), None)


@dataclass(frozen=True, slots=True)
class Sender:
    """The proxy that sends the request: a sidecar (gateway `mesh`), or a gateway by `namespace/name`, and its port."""

    gateway: str
    namespace: str
    labels: Mapping[str, str]
    port: int


@dataclass(frozen=True, slots=True, order=True)
class Destination:
    host: str
    subset: str
    port: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """The request at its destination, and the changes to response headers."""

    weight: int
    path: str
    authority: str
    request_headers: Pairs
    response_headers: Pairs


@dataclass(frozen=True, slots=True)
class Forwarded:
    """Forwarded to one of the weighted destinations, and copied to the mirrors."""

    arrivals: Mapping[Destination, Arrival]
    mirrors: frozenset[Destination] = frozenset()
    allowed_origin: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """Answered by the proxy itself."""

    status: int
    body: str = ""
    location: str = ""
    response_headers: Pairs = ()
    allowed_origin: str = ""


@dataclass(frozen=True, slots=True)
class PassedThrough:
    """Forwarded to its original destination, without any rule."""


Outcome = Forwarded | Answered | PassedThrough
NOT_FOUND = Answered(404)


@dataclass(frozen=True, slots=True)
class Rule:
    """One match of an HTTP rule, and its action. Without a match, the rule matches everything."""

    match: Object
    action: Object
    namespace: str


@dataclass(slots=True)
class Reference:
    """The rules of some objects, for one sender."""

    objects: Sequence[Object]
    sender: Sender
    upstream_response: Pairs = ()
    _visible: list[Object] = field(init=False)

    def __post_init__(self) -> None:
        self._visible = list(self._in_order())

    def outcome(self, request: Request) -> Outcome:
        name = host_of(request.authority)
        if self.sender.gateway == MESH:
            owned = self._owned_by_sidecar(name)
            if owned is None:
                return PassedThrough()
        else:
            owned = self._owned_by_gateway(name)
            if owned is None:
                return NOT_FOUND
        for rule in owned:
            if matches(rule.match, request):
                return self._done(rule, request)
        return NOT_FOUND

    # Which VirtualServices apply, and in which order.

    def _in_order(self) -> Iterator[Object]:
        """The VirtualServices for the sender: private ones first, then those exported to it, then public ones."""

        def age(virtual_service: Object) -> tuple[str, str, str]:
            metadata = virtual_service["metadata"]
            return metadata.get("creationTimestamp", "2024-01-01T00:00:00Z"), metadata["name"], metadata["namespace"]

        mine = [o for o in sorted(self._of_kind("VirtualService"), key=age) if o["spec"].get("hosts")]
        for wanted in ("private", "exported", "public"):
            for virtual_service in mine:
                if self.sender.gateway in gateways(virtual_service) and self._reach(virtual_service) == wanted:
                    yield virtual_service

    def _reach(self, virtual_service: Object) -> str:
        namespace = virtual_service["metadata"]["namespace"]
        reach = virtual_service["spec"].get("exportTo") or ["*"]
        if "*" in reach:
            return "public"
        if namespace == self.sender.namespace and (set(reach) & {".", namespace}):
            return "private"
        return "exported" if self.sender.namespace in reach else "no"

    def _of_kind(self, kind: str) -> Iterator[Object]:
        return (o for o in self.objects if o["kind"] == kind)

    # Which VirtualService has a name.

    def _owned_by_gateway(self, name: str) -> list[Rule] | None:
        """The rules of every VirtualService for the most specific host. Catch-all rules come last."""
        (gateway,) = self._of_kind("Gateway")
        (server,) = gateway["spec"]["servers"]
        by_host: dict[str, list[Rule]] = {}
        for virtual_service in self._visible:
            rules = list(self._rules(virtual_service))
            for host in {h for s in server["hosts"] for v in hosts(virtual_service) for h in intersection(s, v)}:
                if rules:
                    by_host.setdefault(host, []).extend(rules)
        owner = most_specific(name, by_host)
        return None if owner is None else sorted(by_host[owner], key=lambda rule: is_catch_all(rule.match))

    def _owned_by_sidecar(self, name: str) -> list[Rule] | None:
        """The rules for a name: those for a Service with this port, else those for a host that is not a Service."""
        services = self._services()
        owner = next((fqdn for fqdn in services if name in self._names(fqdn)), None)
        if owner is not None:
            return self._rules_of_service(owner)
        bare: dict[str, list[Rule]] = {}
        for virtual_service in self._visible:
            rules = list(self._rules(virtual_service))
            covers = [s for s in services if self._governs(virtual_service, s)]
            if not rules or not (covers or self.sender.port == 80):
                continue
            for host in hosts(virtual_service):
                if not any(covered(s, host) for s in services):
                    bare.setdefault(host, rules)
        outsider = most_specific(name, bare)
        return None if outsider is None else bare[outsider]

    def _rules_of_service(self, fqdn: str) -> list[Rule]:
        """The first VirtualService that names the Service and has rules for this sender.

        If none names it, only the first one with the most specific wildcard applies.
        """
        for virtual_service in self._visible:
            if self._governs(virtual_service, fqdn) and (rules := list(self._rules(virtual_service))):
                return rules
        return [Rule({}, {"route": [{"destination": {"host": fqdn}}]}, "")]

    def _governs(self, virtual_service: Object, fqdn: str) -> bool:
        if fqdn in hosts(virtual_service):
            return True
        everyone = {host: v for v in reversed(self._visible) for host in hosts(v)}
        host = most_specific(fqdn, everyone)
        return host is not None and host.startswith("*") and everyone[host] is virtual_service

    def _services(self) -> list[str]:
        """The full names of the services with the sender's port."""
        return [fqdn for fqdn, ports in self._ports().items() if self.sender.port in ports]

    def _ports(self) -> dict[str, list[int]]:
        found = {}
        for service in self._of_kind("Service"):
            found[full_name(service["metadata"]["name"], service)] = [p["port"] for p in service["spec"]["ports"]]
        for entry in self._of_kind("ServiceEntry"):
            found[entry["spec"]["hosts"][0]] = [p["number"] for p in entry["spec"]["ports"]]
        return found

    def _names(self, fqdn: str) -> set[str]:
        """All names by which the sender can call a service."""
        names = {fqdn, fqdn + "."}
        for service in self._of_kind("Service"):
            name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
            if full_name(name, service) == fqdn:
                names |= {f"{name}.{namespace}.svc", f"{name}.{namespace}", service["spec"]["clusterIP"]}
                names |= {name} if namespace == self.sender.namespace else set()
        return names

    # Which rules of a VirtualService apply to the sender.

    def _rules(self, virtual_service: Object) -> Iterator[Rule]:
        """Rules after a catch-all rule never apply, even if rules of other VirtualServices come between."""
        namespace = virtual_service["metadata"]["namespace"]
        for http in virtual_service["spec"]["http"]:
            for match, action, owner in self._with_delegate(http, namespace):
                if self._concerns_sender(match, namespace):
                    yield Rule(match, action, owner)
                    if is_catch_all(match):
                        return

    def _with_delegate(self, http: Object, namespace: str) -> Iterator[tuple[Object, Object, str]]:
        """The rule's matches, or those of its delegate's rules, each combined with each of its own."""
        roots = http.get("match") or [{}]
        if "delegate" not in http:
            yield from ((match, http, namespace) for match in roots)
            return
        wanted = (http["delegate"]["name"], http["delegate"].get("namespace", namespace))
        for delegate in self._of_kind("VirtualService"):
            metadata = delegate["metadata"]
            if (metadata["name"], metadata["namespace"]) == wanted:
                inherited = {k: v for k, v in http.items() if k not in ("match", "delegate", "name")}
                for leaf in delegate["spec"]["http"]:
                    for match in leaf.get("match") or [{}]:
                        for root in roots:
                            yield joined(root, match), {**inherited, **leaf}, metadata["namespace"]

    def _concerns_sender(self, match: Object, namespace: str) -> bool:
        if match.get("port", self.sender.port) != self.sender.port:
            return False
        if "gateways" in match:
            return self.sender.gateway in [qualified(g, namespace) for g in match["gateways"]]
        wanted = match.get("sourceLabels", {}).items() <= self.sender.labels.items()
        return bool(wanted) and self.sender.namespace == match.get("sourceNamespace", self.sender.namespace)

    # What a rule does.

    def _done(self, rule: Rule, request: Request) -> Outcome:
        """CORS applies only to forwarded requests, not to responses of the proxy itself."""
        http = rule.action
        headers = operated((), [http.get("headers", {}).get("response", {})])
        if "redirect" in http:
            redirect = http["redirect"]
            return Answered(redirect.get("redirectCode", 301), "", self._location(redirect, request), headers)
        if "directResponse" in http:
            direct = http["directResponse"]
            return Answered(direct["status"], direct.get("body", {}).get("string", ""), "", headers)
        allowed = allowed_origin(http.get("corsPolicy", {}), request)
        if allowed and request.method == "OPTIONS" and request.header("access-control-request-method"):
            return Answered(200, allowed_origin=allowed)
        if "abort" in http.get("fault", {}):
            return Answered(http["fault"]["abort"]["httpStatus"], "fault filter abort", "", headers, allowed)
        return self._forwarded(rule, request, allowed)

    def _forwarded(self, rule: Rule, request: Request, allowed: str) -> Forwarded:
        http = rule.action
        several = len(http["route"]) > 1
        arrivals = {}
        for route in http["route"]:
            weight = route.get("weight", 0) if several else 100
            if not weight:
                continue
            destination = self._destination(route["destination"], rule.namespace)
            levels = self._levels(http.get("headers", {}), route.get("headers", {}), several)
            wanted = (
                http.get("rewrite", {}).get("authority")
                or authority(http.get("headers", {}))
                or authority(route.get("headers", {}))
            )
            arrivals[destination] = Arrival(
                weight,
                rewritten(request.path, rule.match, http.get("rewrite", {})) + request.query,
                wanted or request.authority,
                operated(request.headers, [level.get("request", {}) for level in levels]),
                operated(self.upstream_response, [level.get("response", {}) for level in levels]),
            )
        return Forwarded(arrivals, frozenset(self._mirrors(http, rule.namespace)), allowed)

    def _levels(self, rule: Object, destination: Object, several: bool) -> list[Object]:
        """Header operations in the order in which they apply. Those of a single destination belong to the rule."""
        if several:
            return [destination, rule]
        return [{side: together(rule.get(side, {}), destination.get(side, {})) for side in ("request", "response")}]

    def _mirrors(self, http: Object, namespace: str) -> Iterator[Destination]:
        single = (
            [{"destination": http["mirror"], "percentage": http.get("mirrorPercentage")}] if "mirror" in http else ()
        )
        for mirror in (*single, *http.get("mirrors", ())):
            if (mirror.get("percentage") or {"value": 100})["value"]:
                yield self._destination(mirror["destination"], namespace)

    def _destination(self, destination: Object, namespace: str) -> Destination:
        """A destination without a port uses the service's only port at a gateway, else the port of the request."""
        host = qualified_host(destination["host"], namespace)
        ports = self._ports().get(host, [])
        only = ports[0] if len(ports) == 1 and self.sender.gateway != MESH else self.sender.port
        return Destination(host, destination.get("subset", ""), destination.get("port", {}).get("number", only))

    def _location(self, redirect: Object, request: Request) -> str:
        scheme = redirect.get("scheme", request.scheme)
        port = redirect.get("port", 0)
        if redirect.get("derivePort") == "FROM_REQUEST_PORT":
            port = self.sender.port
        if port == {"http": 80, "https": 443}[redirect.get("scheme", "http")]:
            port = 0
        host = redirect.get("authority", request.authority)
        if "authority" not in redirect:
            bare, _, given = request.authority.rpartition(":")
            is_default = given == {"http": "80", "https": "443"}[request.scheme] and scheme != request.scheme
            host = bare if bare and (port or is_default) else request.authority
        path = redirect.get("uri") or request.path
        return f"{scheme}://{host}{f':{port}' if port else ''}{path}{'' if '?' in path else request.query}"


# Names and hosts.


def host_of(authority: str) -> str:
    """The host in lower case, without the part after the last colon."""
    return authority.lower().rpartition(":")[0] or authority.lower()


def full_name(name: str, of: Object) -> str:
    return f"{name}.{of['metadata']['namespace']}.svc.cluster.local"


def qualified_host(host: str, namespace: str) -> str:
    return host if "." in host or host.startswith("*") else f"{host}.{namespace}.svc.cluster.local"


def qualified(gateway: str, namespace: str) -> str:
    return gateway if gateway == MESH or "/" in gateway else f"{namespace}/{gateway}"


def hosts(virtual_service: Object) -> list[str]:
    namespace = virtual_service["metadata"]["namespace"]
    return [qualified_host(host, namespace) for host in virtual_service["spec"]["hosts"]]


def gateways(virtual_service: Object) -> list[str]:
    namespace = virtual_service["metadata"]["namespace"]
    return [qualified(g, namespace) for g in virtual_service["spec"].get("gateways") or [MESH]]


def covered(name: str, host: str) -> bool:
    """True if the host, which may be a wildcard, covers the name."""
    return name.endswith(host[1:]) and len(name) > len(host[1:]) if host.startswith("*") else name == host


def most_specific(name: str, of: Iterable[str]) -> str | None:
    """The host that covers the name: an exact one, else the longest wildcard."""
    return max((h for h in of if covered(name, h)), key=lambda h: (not h.startswith("*"), len(h)), default=None)


def intersection(server: str, host: str) -> list[str]:
    """The narrower one of a server's host and a VirtualService's host, if one covers the other."""
    return [host] if within(host, server) else [server] if within(server, host) else []


def within(host: str, wider: str) -> bool:
    return host == wider or (wider.startswith("*") and host.removeprefix("*").endswith(wider[1:]))


# Matches.


def matches(match: Object, request: Request) -> bool:
    ignore_case = match.get("ignoreUriCase", False)
    return (
        ("uri" not in match or uri_matches(match["uri"], request.path, ignore_case))
        and ("scheme" not in match or string_matches(match["scheme"], request.scheme))
        and ("method" not in match or string_matches(match["method"], request.method))
        and ("authority" not in match or string_matches(match["authority"], request.authority))
        and all(present_and_matches(w, request.header(n)) for n, w in match.get("headers", {}).items())
        and not any(without(w, request.header(n)) for n, w in match.get("withoutHeaders", {}).items())
        and all(present_and_matches(w, request.parameter(n)) for n, w in match.get("queryParams", {}).items())
    )


def uri_matches(wanted: Object, path: str, ignore_case: bool) -> bool:
    if ignore_case and "regex" not in wanted:
        return string_matches({kind: text.lower() for kind, text in wanted.items()}, path.lower())
    return string_matches(wanted, path)


def string_matches(wanted: Object, value: str) -> bool:
    if "exact" in wanted:
        return bool(value == wanted["exact"])
    if "prefix" in wanted:
        return value.startswith(wanted["prefix"])
    return re.fullmatch(wanted["regex"], value, re.ASCII) is not None


def present_and_matches(wanted: Object, value: str | None) -> bool:
    return value is not None and (is_presence(wanted) or string_matches(wanted, value))


def without(wanted: Object, value: str | None) -> bool:
    """True if a header has a value that it must not have. A missing header counts as empty."""
    return value is not None if is_presence(wanted) else string_matches(wanted, value or "")


def is_presence(wanted: Object) -> bool:
    return not wanted or wanted.get("regex") == "*"


def is_catch_all(match: Object) -> bool:
    """True if the rule matches everything. Such rules of several VirtualServices for one host come last."""
    conditions = {k for k, v in match.items() if v and k not in ("name", "port", "gateways", "ignoreUriCase")}
    conditions -= {"sourceLabels", "sourceNamespace"}
    return not conditions or (conditions == {"uri"} and match["uri"] in ({"prefix": "/"}, {"regex": ".*"}))


def joined(root: Object, leaf: Object) -> Object:
    """Both matches combined. A delegate's rule is narrower than the rule that delegates to it."""
    maps = ("headers", "withoutHeaders", "queryParams", "sourceLabels")
    both = {key: {**root.get(key, {}), **leaf.get(key, {})} for key in maps if key in root or key in leaf}
    return {**root, **leaf, **both}


# Changes to requests.


def allowed_origin(cors: Object, request: Request) -> str:
    origin = request.header("origin") or ""
    return origin if any(string_matches(allowed, origin) for allowed in cors.get("allowOrigins", ())) else ""


def authority(headers: Object) -> str:
    request = headers.get("request", {})
    for operation in ("set", "add"):
        for name, value in request.get(operation, {}).items():
            if name.lower() in ("host", ":authority"):
                return str(value)
    return ""


def together(rule: Object, destination: Object) -> Object:
    """The operations of a rule and of its only destination, as one list per kind."""
    return {
        "remove": [*rule.get("remove", ()), *destination.get("remove", ())],
        "set": [*_items(rule, "set"), *_items(destination, "set")],
        "add": [*_items(rule, "add"), *_items(destination, "add")],
    }


def _items(operations: Object, kind: str) -> list[tuple[str, str]]:
    found = operations.get(kind, {})
    return list(found.items() if isinstance(found, Mapping) else found)


def operated(headers: Pairs, levels: Iterable[Object]) -> Pairs:
    """Headers after the operations. At one level, removals come first, then sets, then additions."""
    now = [(name.lower(), value) for name, value in headers]
    for level in levels:
        now = [(name, value) for name, value in now if name not in [r.lower() for r in level.get("remove", ())]]
        for name, value in _items(level, "set"):
            if name.lower() not in ("host", ":authority"):
                now = [pair for pair in now if pair[0] != name.lower()] + [(name.lower(), value)]
        now += [(n.lower(), v) for n, v in _items(level, "add") if n.lower() not in ("host", ":authority")]
    return now


def rewritten(path: str, match: Object, rewrite: Object) -> str:
    if "uriRegexRewrite" in rewrite:
        regex = rewrite["uriRegexRewrite"]
        return re.sub(regex["match"], regex["rewrite"], path, flags=re.ASCII)
    if not rewrite.get("uri"):
        return path
    uri = match.get("uri", {"prefix": "/"})
    return str(rewrite["uri"]) + (path[len(uri["prefix"]) :] if "prefix" in uri else "")


UNRESERVED = re.compile(r"%(?:2d|2e|5f|7e|3\d|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])", re.IGNORECASE)


def normalized(path: str) -> str:
    """The path as RFC 3986 normalizes it: unreserved characters decoded, `.` and `..` resolved."""
    decoded = UNRESERVED.sub(lambda found: chr(int(found[0][1:], 16)), path).replace("\\", "/")
    kept: list[str] = []
    parts = decoded[1:].split("/")
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "..":
            kept = kept[:-1]
        elif part != ".":
            kept.append(part)
        if part in (".", "..") and last:
            kept.append("")
    return "/" + "/".join(kept)
