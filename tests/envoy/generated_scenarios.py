"""Random meshes, ways to reach one of their proxies, and requests near the boundaries of its rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from meshcompile.proxy import Proxy
from meshcompile.simulate import (
    Capture,
    ClientHello,
    DownstreamConnection,
    HttpRequest,
    PeerCertificate,
    Spoken,
    TokenState,
)
from tests.envoy import generated_policies, generated_routes
from tests.envoy.aimed_requests import aimed
from tests.envoy.certificates import Authority
from tests.envoy.generated_envoy_filters import envoy_filters
from tests.envoy.generated_policies import IDENTITY
from tests.envoy.tokens import Issuer
from tests.meshes import gateway, sidecar

Object = dict[str, Any]
RequestMaker = Callable[[Random], HttpRequest]
NORMALIZATIONS = ("BASE", "BASE", "NONE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES")
ADDRESS, OTHER_ADDRESS = "10.1.0.5", "10.9.0.5"
ODD_PATHS = (
    *("/a//b", "//a", "/a/%2e%2e/b", "/a%2Fb", "/a%2f..%2fb", "/a%5Cb", "/a\\b", "/%2Fa", "/a/", "/a?", "/A", "/a/b/"),
    *("/a%00b", "/a#x", "/a?p=a#x", "/ab?p=a&p=b", "/a?q", "/a?P=a", "/a;x=1", "/%61", "/a/./b//c", "/a%20b", "/a+b"),
    *(
        "/.",
        "/..",
        "/a/...",
        "*",
        "/a?p=%61",
        "/a?p=%26%3D%2F%25%7e~-._!&q=a+b*()',;:@$",
        "/a?q%3D=a&p=a=b",
        "/b?p=ab&q=",
        "/c.json?",
        "/a/b%2Fc",
        "/%7Ea",
        "http://web/a",
        "a",
    ),
)
ODD_HEADERS: tuple[tuple[str, str], ...] = (
    *(("X-A", "a"), ("X-a", "b"), ("x-A", ""), ("x-b", " a "), ("x-a", "a, b"), ("x-c", "-12"), ("x-c", "12a")),
    *(("cookie", "p=a"), ("cookie", "p=b; q=a"), ("user-agent", "curl"), ("x-envoy-upstream-rq-timeout-ms", "9000")),
    *(("x-forwarded-for", "127.2.0.7"), ("x-forwarded-for", "1.2.3.4, 127.3.0.9"), ("x-envoy-internal", "true")),
    *(("content-type", "application/grpc"), ("connection", "upgrade"), ("upgrade", "foo"), ("te", "trailers")),
    *(("x-envoy-fault-abort-request", "419"), ("x-envoy-fault-delay-request", "1"), ("x-under_score", "a")),
    *(
        ("x-envoy-retry-on", "5xx"),
        ("x-forwarded-host", "a"),
        ("x-envoy-original-path", "/o"),
        ("x-envoy-original-host", "o"),
        ("x-request-id", "1"),
    ),
)
UPGRADES = (
    [("connection", "Upgrade"), ("upgrade", "websocket")],
    [("Connection", "keep-alive, upgrade"), ("Upgrade", "WebSocket")],
    [("connection", "close"), ("upgrade", "websocket")],
    [("connection", "upgrade"), ("upgrade", "h2c")],
    [("connection", "upgrade"), ("upgrade", "spdy/3.1")],
)
METHODS = ("GET", "GET", "GET", "POST", "PUT", "OPTIONS", "DELETE", "PATCH", "PROPFIND", "get", "FOO", "TRACE")


@dataclass(frozen=True, slots=True)
class Approach:
    """A way to reach the proxy. `client` is the identity of a certificate: "" without TLS, "nobody" without one."""

    connection: DownstreamConnection
    listener: str
    client: str = ""
    version: str = "HTTP/1.1"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A mesh, one of its proxies, and how to reach it."""

    objects: Sequence[Object]
    mesh_config: Object
    proxy: Proxy | str
    approaches: Sequence[Approach]
    request: RequestMaker
    is_gateway: bool = False
    tokens: Mapping[str, TokenState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class World:
    """What all scenarios share: keys take long to make."""

    authority: Authority = field(default_factory=Authority)
    issuers: tuple[Issuer, ...] = field(default_factory=lambda: (Issuer("a.example"), Issuer("b.example")))
    strangers: tuple[Issuer, ...] = field(default_factory=lambda: (Issuer("a.example"), Issuer("b.example")))

    def tokens(self) -> tuple[list[str], Mapping[str, TokenState]]:
        """Tokens: ten that are valid, two at the wrong time, and others; and what they are."""
        made = generated_policies.tokens(self.issuers, self.strangers)
        valid, late = dict.fromkeys(made[:10], TokenState.VALID), dict.fromkeys(made[10:12], TokenState.EXPIRED)
        return made, {**valid, **late}


def pod(name: str, namespace: str, address: str, version: str = "v1") -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{name}-{version}", "namespace": namespace, "labels": {"app": name, "version": version}},
        "spec": {"containers": [{"name": name}, {"name": "istio-proxy"}]},
        "status": {"podIP": address, "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }


def networking(kind: str, name: str, namespace: str = "shop", **spec: Any) -> Object:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


PODS = (
    *(pod("web", "shop", "10.1.1.1"), pod("web", "shop", "10.1.1.2", "v2"), pod("orders", "other", "10.1.1.3")),
    *(pod("db", "shop", "10.1.1.4"), pod("mixed", "shop", "10.1.1.5")),
)
SUBSETS = networking(
    "DestinationRule",
    "web",
    host="web.shop.svc.cluster.local",
    subsets=[{"name": v, "labels": {"version": v}} for v in ("v1", "v2", "v3")],
)


def selected(service: Object, pods: Sequence[Object] = PODS) -> list[Object]:
    """The Service with a selector of its Pods, and the Pods' addresses."""
    if service["kind"] != "Service":
        return [service]
    metadata, spec = service["metadata"], service["spec"]
    mine = [pod for pod in pods if pod["metadata"]["labels"]["app"] == metadata["name"]]
    addresses = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "labels": {"kubernetes.io/service-name": metadata["name"]},
        },
        "addressType": "IPv4",
        "ports": [{"name": p["name"], "port": p.get("targetPort", p["port"])} for p in spec["ports"]],
        "endpoints": [{"addresses": [p["status"]["podIP"]], "targetRef": target(p)} for p in mine],
    }
    return [{**service, "spec": {**spec, "selector": {"app": metadata["name"]}}}, *([addresses] if mine else [])]


def of_services(objects: Iterable[Object]) -> list[Object]:
    """The objects, with what their Services select."""
    return [made for each in objects for made in selected(each)]


def target(pod: Object) -> Object:
    return {"kind": "Pod", "name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"]}


def other_services() -> list[Object]:
    """A service of TCP, one whose protocol is not declared, and hosts outside of the mesh."""
    db = generated_routes.service("db", "shop", "10.0.0.4", 80)
    db["spec"]["ports"] = [{"name": "tcp-db", "port": 9000}, {"name": "https-db", "port": 443}]
    mixed = generated_routes.service("mixed", "shop", "10.0.0.5", 80)
    mixed["spec"]["ports"] = [{"name": "any", "port": 7000}, {"name": "http-80", "port": 80}]
    tls = networking(
        "ServiceEntry",
        "tls",
        hosts=["tls.example.com", "*.tls.example.com"],
        ports=[{"number": 443, "name": "tls", "protocol": "TLS"}],
        resolution="NONE",
    )
    return [*of_services((db, mixed)), tls]


def tls_rules(random: Random) -> list[Object]:
    """A VirtualService for TLS and TCP."""
    routes = [{"destination": {"host": host}, "weight": w} for host, w in (("db", 50), ("mixed", 50))]
    tls = [
        {
            "match": [{"port": 443, "sniHosts": [random.choice(("tls.example.com", "*.tls.example.com"))]}],
            "route": random.choice((routes[:1], [{"destination": {"host": "gone.example.com"}}])),
        }
    ]
    hosts = ["tls.example.com", "*.tls.example.com"]
    return [networking("VirtualService", "tls", hosts=hosts, tls=tls)] if random.random() < 0.5 else []


def request_maker(names: Sequence[str], tokens: Sequence[str] = (), rules: Sequence[Object] = ()) -> RequestMaker:
    """Requests for hosts, half of them aimed at rules, and half of them with something odd."""

    def made(random: Random) -> HttpRequest:
        near = aimed(random, rules) if random.random() < 0.6 else None
        plain = near or generated_routes.request(random, names)
        headers = [("x-forwarded-proto", plain.scheme)] if random.random() < 0.5 else []
        headers += plain.headers
        path, method, authority = plain.target, plain.method, plain.authority
        if random.random() < (0.05 if near else 0.3):
            path = random.choice(ODD_PATHS)
        for _ in range(random.choice((0, 0, 0, 1) if near else (0, 0, 1, 2))):
            headers.append(random.choice(ODD_HEADERS))
        if random.random() < 0.03:
            headers += random.choice(UPGRADES)
        if random.random() < 0.1:
            method = random.choice(METHODS)
        if random.random() < 0.1:
            authority = odd_authority(random, authority)
        for _ in range(random.choice((0, 1, 1, 2)) if tokens else 0):
            path = generated_policies.with_token(random, path, headers, random.choice(tokens))
        random.shuffle(headers)
        return HttpRequest(method=method, authority=authority, path=path, headers=tuple(headers))

    return made


def odd_authority(random: Random, authority: str) -> str:
    near = (f"{authority}.", f"{authority}:", f"{authority}:x", f"x{authority}", authority[1:] or "x", f".{authority}")
    others = ("[::1]", "[fd00::1]:80", "10.0.0.2:80", "a b", "", "*", f"{authority}:443", authority.title())
    return random.choice((*near, *others))


def names_of(objects: Sequence[Object], random: Random) -> list[str]:
    """The hosts of rules, and others."""
    known = ["web", "web.shop", "10.0.0.2", "catalog.shop.svc.cluster.local", "orders.other", "nobody.example.org"]
    for rules in (o for o in objects if o["kind"] == "VirtualService"):
        known += [h.replace("*", random.choice(("x", "www", "x.y", ""))) for h in rules["spec"].get("hosts", ())]
    return known


KNOWN = {
    80: ("web.shop.svc.cluster.local", "catalog.shop.svc.cluster.local", "api.example.com"),
    8080: ("web.shop.svc.cluster.local", "orders.other.svc.cluster.local"),
}
"""Hosts of services by port."""


def outbound(random: Random, world: World) -> Scenario:
    """A client's sidecar."""
    sender = random.choice(generated_routes.SENDERS[:2])
    made = generated_routes.objects(random)
    known = random.sample(KNOWN[sender.port], len(KNOWN[sender.port]))
    for rules in of_kind(made, "VirtualService"):
        if "hosts" in rules["spec"] and known and random.random() < 0.8:  # so that it holds for this proxy
            rules["spec"] = {"hosts": [known.pop()], "http": rules["spec"]["http"]}
    objects = [*of_services(made), *PODS, SUBSETS, *other_services(), *tls_rules(random)]
    objects += envoy_filters(random, "SIDECAR_OUTBOUND")
    config: Object = {"pathNormalization": {"normalization": random.choice(NORMALIZATIONS)}}
    if random.random() < 0.4:
        config["outboundTrafficPolicy"] = {"mode": "REGISTRY_ONLY"}
    own = [(address, sender.port) for address in ("10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.9")]
    approaches = [outbound_approach(random, *each) for each in (*own, *random.sample(DESTINATIONS, 3))]
    proxy = sidecar(namespace=sender.namespace, labels=sender.labels)
    maker = request_maker(names_of(objects, random), rules=of_kind(objects, "VirtualService"))
    return Scenario(objects, config, proxy, approaches, maker)


def of_kind(objects: Iterable[Object], kind: str) -> list[Object]:
    return [each for each in objects if each["kind"] == kind]


DESTINATIONS = (
    *(
        ("10.0.0.4", 9000),
        ("10.0.0.4", 443),
        ("10.0.0.5", 7000),
        ("10.0.0.5", 80),
        ("10.0.0.9", 443),
        ("10.0.0.9", 9000),
    ),
    *(("10.0.0.9", 7000), ("10.0.0.9", 4444), ("10.0.0.3", 8080), ("fd00::9", 80), ("fd00::9", 4444), ("10.0.0.4", 80)),
)
NAMES_OF_SERVERS = ("tls.example.com", "a.tls.example.com", "A.TLS.example.com", "b.a.tls.example.com", "other.example")
PROTOCOLS: tuple[tuple[str, ...], ...] = (
    *((), ("http/1.1",), ("h2", "http/1.1"), ("istio-http/1.1",), ("istio",), ("istio-peer-exchange", "istio")),
    *(("istio-http/1.0", "istio"), ("istio-h2", "istio"), ("h2",)),
)


def outbound_approach(random: Random, address: str, port: int) -> Approach:
    hello = None
    if random.random() < (0.6 if port == 443 else 0.15):
        hello = ClientHello(sni=random.choice(NAMES_OF_SERVERS), alpn=random.choice(PROTOCOLS))
    spoken = random.choice((Spoken.HTTP11, Spoken.HTTP11, Spoken.HTTP11, Spoken.HTTP10, Spoken.HTTP2, Spoken.TCP))
    connection = DownstreamConnection(
        destination=address,
        port=port,
        source="::1" if ":" in address else "127.0.0.1",
        capture=Capture.OUTBOUND,
        spoken=spoken,
        tls=hello,
    )
    version = "HTTP/1.0" if spoken is Spoken.HTTP10 else "HTTP/1.1"
    return Approach(connection, "virtualOutbound", "nobody" if hello else "", version)


def inbound(random: Random, world: World) -> Scenario:
    """The sidecar of an application, with policies."""
    service = generated_routes.service("web", "shop", "10.0.0.1", 80)
    service["spec"]["ports"] = [
        {"name": "http", "port": 80, "targetPort": 8080},
        {"name": "tcp-x", "port": 90, "targetPort": 9090},
        {"name": "any", "port": 70, "targetPort": 7070},
        {"name": "https-x", "port": 443, "targetPort": 8443},
    ]
    authorizer = generated_routes.service("authz", "shop", "10.0.0.8", 80)
    pods = (pod("web", "shop", ADDRESS), pod("authz", "shop", "10.1.1.8"))
    policies = generated_policies.policies(random, world.issuers)
    if random.random() < 0.2:
        policies.append(custom_policy(random))
    modes = ("STRICT", "PERMISSIVE", "DISABLE")
    spec: Object = {"selector": {"matchLabels": {"app": "web"}}, "mtls": {"mode": random.choice(modes)}}
    if random.random() < 0.5:
        spec["portLevelMtls"] = {random.choice((8080, 9090, 7070)): {"mode": random.choice(modes)}}
    objects = [
        *selected(service, pods),
        *selected(authorizer, pods if random.random() < 0.5 else ()),
        *pods,
        *policies,
        *envoy_filters(random, "SIDECAR_INBOUND"),
    ]
    if random.random() < 0.8:
        objects.append(generated_policies.security("PeerAuthentication", "mode", spec))
    provider = {"service": "authz.shop.svc.cluster.local", "port": 80}
    config = {
        "trustDomainAliases": ["old"],
        "pathNormalization": {"normalization": random.choice(NORMALIZATIONS)},
        "extensionProviders": [{"name": "ask", "envoyExtAuthzHttp": provider}],
    }
    tokens, valid = world.tokens()
    approaches = [inbound_approach(random) for _ in range(7)]
    hosts = ("web.shop", "web.shop:80", "WEB.shop", "other.shop", "web")
    return Scenario(objects, config, "web-v1.shop", approaches, policy_request_maker(hosts, tokens), tokens=valid)


def custom_policy(random: Random) -> Object:
    rule = {"to": [{"operation": {"paths": random.choice((["/a/*"], ["*"], ["/c"]))}}]}
    spec = {"action": "CUSTOM", "provider": {"name": "ask"}, "rules": [rule]}
    return generated_policies.security("AuthorizationPolicy", "custom", spec)


def policy_request_maker(hosts: Sequence[str], tokens: Sequence[str], rules: Sequence[Object] = ()) -> RequestMaker:
    plain = request_maker(hosts, tokens, rules)

    def made(random: Random) -> HttpRequest:
        request = plain(random)
        headers = list(request.headers)
        headers += [("x-tenant", random.choice(("a", "ab", "b", "c", ""))) for _ in range(random.choice((0, 1, 1, 2)))]
        return HttpRequest(
            method=request.method, authority=request.authority, path=request.path, headers=tuple(headers)
        )

    return made


def inbound_approach(random: Random) -> Approach:
    client = random.choice(("", "", "client", "client", "thief", "nobody", "stranger"))
    hello = None
    if client:
        certificate = None if client == "nobody" else PeerCertificate(uris=(IDENTITY.format(client),))
        if client == "stranger":
            certificate = PeerCertificate(uris=(IDENTITY.format("client"),), trusted=False)
        hello = ClientHello(
            sni=random.choice(("outbound_.80_._.web", "outbound_.80_._.other", "Web.shop")),
            alpn=random.choice((*PROTOCOLS, ("istio-http/1.1",), ("istio-http/1.1",))),
            certificate=certificate,
        )
    connection = DownstreamConnection(
        destination=random.choice((ADDRESS, ADDRESS, OTHER_ADDRESS)),
        port=random.choice((8080, 8080, 8080, 9090, 7070, 8443, 6060)),
        source=random.choice(("127.2.0.7", "127.2.1.1", "127.3.0.1", "127.3.1.1")),
        capture=Capture.INBOUND,
        spoken=random.choice((Spoken.HTTP11, Spoken.HTTP11, Spoken.HTTP11, Spoken.HTTP2, Spoken.TCP)),
        tls=hello,
    )
    return Approach(connection, "virtualInbound", client)


SERVED = ("*.example.com", "www.example.com")
"""Hosts of the servers with TLS."""


def front(random: Random, world: World) -> Scenario:
    """A gateway with HTTP, HTTPS, TLS and TCP servers."""
    rules = generated_routes.virtual_services(random)
    for index, rule in enumerate(each for each in rules if "hosts" in each["spec"]):
        rule["spec"]["gateways"] = random.choice((["shop/front"], ["mesh", "shop/front"]))
        if index < len(SERVED) and random.random() < 0.8:
            rule["spec"]["hosts"] = [SERVED[index]]
    hosts = random.choice((["*"], ["*"], ["*.example.com", "*.cluster.local"], ["*", "www.example.com"], ["*.com"]))
    http = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": hosts}
    if random.random() < 0.15:
        http["tls"] = {"httpsRedirect": True}
    servers = [http, *tls_servers(random)]
    tcp_route = [
        {"destination": {"host": h, "port": {"number": p}}, "weight": 50} for h, p in (("db", 9000), ("mixed", 7000))
    ]
    objects = [
        *of_services(generated_routes.SERVICES),
        *other_services(),
        *PODS,
        SUBSETS,
        *rules,
        networking("Gateway", "front", selector={"istio": "ingressgateway"}, servers=servers),
        networking(
            "VirtualService",
            "tcp",
            hosts=["*"],
            gateways=["front"],
            tcp=[{"match": [{"port": 9000}], "route": tcp_route}],
        ),
        networking(
            "VirtualService",
            "passing",
            hosts=["pass.example.com"],
            gateways=["front"],
            tls=[{"match": [{"port": 443, "sniHosts": ["pass.example.com"]}], "route": tcp_route[:1]}],
        ),
        *secrets(world),
        *envoy_filters(random, "GATEWAY"),
    ]
    tokens, valid = world.tokens()
    if random.random() < 0.3:
        objects += [at_gateway(p) for p in generated_policies.policies(random, world.issuers)]
    else:
        tokens = []
    config = {"pathNormalization": {"normalization": random.choice(NORMALIZATIONS)}}
    approaches = [front_approach(random) for _ in range(7)]
    hosts = [h.replace("*", "x.y") for rule in rules for h in rule["spec"].get("hosts", ()) if "." in h]
    maker = policy_request_maker([*names_of(objects, random), *hosts * 4], tokens, rules)
    return Scenario(objects, config, gateway(), approaches, maker, is_gateway=True, tokens=valid)


def at_gateway(policy: Object) -> Object:
    return {**policy, "metadata": {**policy["metadata"], "namespace": "istio-system"}}


def tls_servers(random: Random) -> list[Object]:
    def secure(name: str, hosts: list[str], mode: str) -> Object:
        tls = {"mode": mode, "credentialName": "pair"} if mode != "PASSTHROUGH" else {"mode": mode}
        protocol = "TLS" if mode == "PASSTHROUGH" else "HTTPS"
        return {"port": {"number": 443, "name": name, "protocol": protocol}, "hosts": hosts, "tls": tls}

    made = [secure("https-www", ["www.example.com"], random.choice(("SIMPLE", "MUTUAL")))]
    if random.random() < 0.6:
        made.append(secure("https-wild", ["*.example.com"], random.choice(("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"))))
    if random.random() < 0.6:
        made.append(secure("tls-pass", ["pass.example.com"], "PASSTHROUGH"))
    if random.random() < 0.3:
        made.append(secure("https-any", ["*"], "SIMPLE"))
    if random.random() < 0.7:
        made.append({"port": {"number": 9000, "name": "tcp", "protocol": "TCP"}, "hosts": ["*"]})
    return made


def secrets(world: World) -> list[Object]:
    pair = world.authority.issue("www.example.com")
    data = {"tls.crt": pair.certificate, "tls.key": pair.private_key, "ca.crt": world.authority.certificate}
    metadata = {"name": "pair", "namespace": "istio-system"}
    return [{"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}]


def front_approach(random: Random) -> Approach:
    port = random.choice((80, 80, 80, 443, 443, 443, 9000))
    client = (
        random.choice(("client", "nobody", "nobody", "stranger"))
        if random.random() < (0.9 if port == 443 else 0.1)
        else ""
    )
    hello = None
    if client:
        certificate = (
            None
            if client == "nobody"
            else PeerCertificate(uris=(IDENTITY.format("client"),), trusted=client == "client")
        )
        names = (
            "www.example.com",
            "WWW.example.com",
            "a.example.com",
            "pass.example.com",
            "b.a.example.com",
            "example.com",
            "x.org",
        )
        hello = ClientHello(
            sni=random.choice(names),
            alpn=random.choice(((), ("http/1.1",), ("h2", "http/1.1"))),
            certificate=certificate,
        )
    source = random.choice(("127.2.0.7", "127.2.1.1", "127.3.0.1"))
    spoken = random.choices((Spoken.HTTP11, Spoken.HTTP10, Spoken.HTTP2), (6, 1, 2))[0]
    connection = DownstreamConnection(destination="127.0.0.1", port=port, source=source, tls=hello, spoken=spoken)
    version = "HTTP/1.0" if spoken is Spoken.HTTP10 else "HTTP/1.1"
    return Approach(connection, f"0.0.0.0_{port}", client, version)


KINDS: dict[str, Callable[[Random, World], Scenario]] = {"outbound": outbound, "inbound": inbound, "gateway": front}
TOKEN = re.compile(r"[\w\-]+\.[\w\-]+\.[\w\-]*")
