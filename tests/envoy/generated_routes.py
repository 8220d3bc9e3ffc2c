"""Random VirtualServices for a few services, and requests that their rules match."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from tests.envoy.reference_routes import Request, Sender

Object = dict[str, Any]
GATEWAY = "shop/front"
SENDERS = (
    Sender("mesh", "shop", {"app": "client", "version": "v1"}, 80),
    Sender("mesh", "other", {"app": "client"}, 8080),
    Sender(GATEWAY, "istio-system", {"istio": "ingressgateway"}, 80),
)

NAMESPACES = ("shop", "other")
NAMES = ("web", "catalog", "orders", "ghost")
OUTSIDE = ("api.example.com", "www.example.com", "*.example.com", "*.www.example.com", "*.com", "*.svc.cluster.local")
PATHS = (
    "/",
    "/a",
    "/a/",
    "/a/b",
    "/A/b",
    "/ab",
    "/a/b/c",
    "/b/a",
    "/c.json",
    "/a/../b",
    "/a/./b",
    "/%61/b",
    "/%2Fa",
    "/b/..",
)
URIS: tuple[Object, ...] = (
    *({"exact": path} for path in ("/a", "/a/b", "/c.json", "/")),
    *({"prefix": path} for path in ("/", "/a", "/a/", "/A", "/a/b", "/b", "")),
    *({"regex": regex} for regex in (".*", "/a.*", "/[ab]/.*", r"/\w+", r".*\.json", "/a|/b")),
)
ROOTED = tuple(uri for uri in URIS if (uri.get("exact") or uri.get("prefix", "")).startswith("/"))
VALUES = ("", "a", "b", "ab", "a,b", "A", "12")
TEXTS: tuple[Object, ...] = (
    {},
    *({"exact": value} for value in ("a", "b", "ab", "a,b")),
    *({"prefix": value} for value in ("a", "A", "1")),
    *({"regex": regex} for regex in (".*", "a.*", "[ab]+", r"\d+", "a|b")),
)
HEADERS = ("x-a", "x-b", "x-c")
PARAMETERS = ("p", "q")
METHODS = ("GET", "POST", "OPTIONS", "PUT")  # the response to HEAD has no body with the received request
ORIGINS = ("https://one.example", "https://two.example")


def objects(random: Random) -> list[Object]:
    """A mesh with fixed services and a fixed gateway, and random VirtualServices."""
    return [*SERVICES, gateway(random), *virtual_services(random)]


def service(name: str, namespace: str, address: str, *ports: int) -> Object:
    listed = [{"name": f"http-{port}", "port": port} for port in ports]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"clusterIP": address, "ports": listed},
    }


SERVICES: tuple[Object, ...] = (
    service("web", "shop", "10.0.0.1", 80, 8080),
    service("catalog", "shop", "10.0.0.2", 80),
    service("orders", "other", "10.0.0.3", 8080),
    {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": "api", "namespace": "shop"},
        "spec": {
            "hosts": ["api.example.com"],
            "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}],
            "resolution": "DNS",
        },
    },
)


def gateway(random: Random) -> Object:
    hosts = random.choice((["*"], ["*.example.com", "*.cluster.local"], ["*", "www.example.com"], ["*.com"]))
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "front", "namespace": "shop"},
        "spec": {
            "selector": {"istio": "ingressgateway"},
            "servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": hosts}],
        },
    }


def virtual_services(random: Random) -> list[Object]:
    found: list[Object] = []
    for index in range(random.randint(1, 5)):
        namespace = random.choice(NAMESPACES)
        delegates = [o["metadata"] for o in found if "hosts" not in o["spec"]]
        is_delegate = random.random() < 0.25
        spec: Object = {} if is_delegate else bound(random, namespace)
        if random.random() < 0.2 and not is_delegate:
            spec["exportTo"] = random.choice((["."], ["*"], ["other"], ["istio-system", "shop"]))
        spec["http"] = [
            rule(random, namespace, () if is_delegate else delegates, leaf=is_delegate)
            for _ in range(random.randint(1, 4))
        ]
        metadata = {"name": f"{random.choice('abc')}{index}", "namespace": namespace}
        if random.random() < 0.5:
            metadata["creationTimestamp"] = f"2024-01-0{random.randint(1, 3)}T00:00:00Z"
        found.append(
            {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": metadata, "spec": spec}
        )
    return found


def bound(random: Random, namespace: str) -> Object:
    """Hosts that do not cover each other, and gateways."""
    hosts: list[str] = []
    for _ in range(random.randint(1, 3)):
        name = random.choice(NAMES)
        full = f"{name}.{random.choice(NAMESPACES)}.svc.cluster.local"
        host = random.choice((name, full, random.choice(OUTSIDE), random.choice(OUTSIDE)))
        if not any(_overlap(_full(host, namespace), _full(other, namespace)) for other in hosts):
            hosts.append(host)
    gateways = random.choice((None, ["mesh"], ["shop/front"], ["mesh", "shop/front"]))
    return {"hosts": hosts} | ({} if gateways is None else {"gateways": gateways})


def _full(host: str, namespace: str) -> str:
    return host if "." in host else f"{host}.{namespace}.svc.cluster.local"


def _overlap(one: str, other: str) -> bool:
    return one.lstrip("*").endswith(other.lstrip("*")) or other.lstrip("*").endswith(one.lstrip("*"))


def rule(random: Random, namespace: str, delegates: Sequence[Object], *, leaf: bool) -> Object:
    """One HTTP rule. A leaf is a rule of a delegate: its matches are within those of any rule that delegates."""
    made: Object = {}
    if random.random() < 0.85:
        made["match"] = [leaf_match(random) if leaf else match(random) for _ in range(random.randint(1, 3))]
    if random.random() < 0.4:
        made["headers"] = operations(random, authority=False)
    if random.random() < 0.2:
        made["corsPolicy"] = {"allowOrigins": [random.choice(({"exact": ORIGINS[0]}, {"regex": "https://t.*"}))]}
    if delegates and random.random() < 0.6:
        delegate = random.choice(delegates)
        made["match"] = [random.choice(({"uri": {"prefix": "/"}}, {"headers": {"x-c": {"prefix": "a"}}}))]
        made["delegate"] = {"name": delegate["name"], "namespace": delegate["namespace"]}
        return made
    kind = random.choices((redirect, direct_response, forward), (1, 1, 5))[0]
    made |= kind(random)
    if "route" in made and "authority" not in made.get("rewrite", {}) and random.random() < 0.1:
        made["headers"] = {"request": {"set": {":authority": "ruled.example.com"}}}  # rejected together with a rewrite
    return made


def match(random: Random) -> Object:
    return _some(
        random,
        {
            "uri": (0.6, lambda: random.choice(URIS)),
            "ignoreUriCase": (0.1, lambda: True),
            "scheme": (0.1, lambda: random.choice(({"exact": "http"}, {"exact": "https"}, {"prefix": "http"}))),
            "method": (0.15, lambda: random.choice(({"exact": "GET"}, {"regex": "GET|POST"}, {"prefix": "P"}))),
            "authority": (0.1, lambda: random.choice(({"prefix": "web"}, {"exact": "web"}, {"regex": ".*:80"}))),
            "headers": (0.3, lambda: texts(random, HEADERS)),
            "withoutHeaders": (0.2, lambda: texts(random, HEADERS)),
            "queryParams": (0.2, lambda: texts(random, PARAMETERS)),
            "port": (0.1, lambda: random.choice((80, 8080))),
            "sourceLabels": (0.1, lambda: random.choice(({"app": "client"}, {"version": "v2"}))),
            "sourceNamespace": (0.1, lambda: random.choice(NAMESPACES)),
            "gateways": (0.1, lambda: random.choice((["mesh"], [GATEWAY], ["mesh", GATEWAY]))),
        },
    )


def leaf_match(random: Random) -> Object:
    return _some(
        random,
        {
            "uri": (0.7, lambda: random.choice(ROOTED)),
            "headers": (0.3, lambda: texts(random, HEADERS[:2])),
            "queryParams": (0.3, lambda: texts(random, PARAMETERS)),
        },
    )


def texts(random: Random, names: Sequence[str]) -> Object:
    return {name: random.choice(TEXTS) for name in random.sample(names, random.randint(1, 2))}


def redirect(random: Random) -> Object:
    made = _some(
        random,
        {
            "uri": (0.5, lambda: random.choice(("/moved", "/moved?x=y"))),
            "authority": (0.5, lambda: "new.example.com"),
            "scheme": (0.3, lambda: random.choice(("http", "https"))),
            "redirectCode": (0.5, lambda: random.choice((301, 302, 303, 307, 308))),
        },
    )
    made |= random.choice(({}, {"port": 80}, {"port": 443}, {"port": 8443}, {"derivePort": "FROM_REQUEST_PORT"}))
    return {"redirect": made if made.keys() - {"redirectCode"} else made | {"uri": "/"}}


def direct_response(random: Random) -> Object:
    body = random.choice(({}, {"body": {"string": "direct"}}))
    return {"directResponse": {"status": random.choice((200, 403, 404, 503))} | body}


def forward(random: Random) -> Object:
    made = _some(
        random,
        {
            "rewrite": (0.35, lambda: rewrite(random)),
            "timeout": (0.1, lambda: "5s"),
            "retries": (0.1, lambda: {"attempts": 2, "retryOn": "5xx,503"}),
            "mirror": (0.2, lambda: destination(random)),
            "fault": (0.05, lambda: {"abort": {"httpStatus": 418, "percentage": {"value": 100}}}),
        },
    )
    if "mirror" in made and random.random() < 0.5:
        made["mirrorPercentage"] = {"value": random.choice((0, 50))}
    if "mirror" not in made and random.random() < 0.1:
        made["mirrors"] = [{"destination": destination(random), "percentage": {"value": random.choice((0, 50, 100))}}]
    destinations = random.sample(DESTINATIONS, random.choice((1, 1, 2, 3)))
    weights = [0] * len(destinations)
    while not any(weights):
        weights = [random.choice((0, 1, 20, 80)) for _ in destinations]
    made["route"] = [{"destination": d, "weight": w} for d, w in zip(destinations, weights, strict=True)]
    if len(destinations) == 1 and random.random() < 0.5:
        del made["route"][0]["weight"]
    for route in made["route"]:
        if random.random() < 0.3 and "fault" not in made:  # which headers an abort has would depend on chance
            route["headers"] = operations(random, authority=True)
    return made


DESTINATIONS: tuple[Object, ...] = (
    {"host": "web.shop.svc.cluster.local", "port": {"number": 8080}},
    {"host": "web.shop.svc.cluster.local", "subset": "v2"},
    {"host": "catalog.shop.svc.cluster.local", "subset": "v1"},
    {"host": "orders.other.svc.cluster.local"},
    {"host": "api.example.com"},
    {"host": "catalog"},
    {"host": "unknown.example.com", "port": {"number": 9000}},
)


def destination(random: Random) -> Object:
    return random.choice(DESTINATIONS)


def rewrite(random: Random) -> Object:
    uri: Object = random.choice(({}, {"uri": "/"}, {"uri": "/new"}, {"uri": "/new/"}))
    if random.random() < 0.3:
        uri = {"uriRegexRewrite": {"match": "/([^/]+)/(.*)", "rewrite": r"/\2/\1"}}
    authority = {} if uri and random.random() < 0.6 else {"authority": "rewritten.example.com"}
    return uri | authority


def operations(random: Random, *, authority: bool) -> Object:
    def request() -> Object:
        made = operation(random)
        if authority and random.random() < 0.3:
            made.setdefault("set", {})["Host"] = "own.example.com"
        return made

    return _some(random, {"request": (0.8, request), "response": (0.5, lambda: operation(random))})


def operation(random: Random) -> Object:
    return _some(
        random,
        {
            "set": (0.5, lambda: {name: random.choice("stu") for name in random.sample(HEADERS, random.randint(1, 2))}),
            "add": (0.5, lambda: {name: random.choice("ade") for name in random.sample(HEADERS, random.randint(1, 2))}),
            "remove": (0.3, lambda: random.sample(HEADERS, 1)),
        },
    )


def _some(random: Random, fields: dict[str, tuple[float, Callable[[], Any]]]) -> Object:
    """Each field with its probability."""
    return {name: value() for name, (probability, value) in fields.items() if random.random() < probability}


def requests(random: Random, mesh: Sequence[Object], count: int) -> list[Request]:
    """Requests to the hosts of the mesh, and to others."""
    names = ["web", "web.shop", "10.0.0.2", "catalog.shop.svc.cluster.local", "orders.other", "nobody.example.org"]
    for virtual_service in (o for o in mesh if o["kind"] == "VirtualService"):
        hosts = virtual_service["spec"].get("hosts", ())
        names.extend(host.replace("*", random.choice(("x", "www", "x.y"))) for host in hosts)
    return [request(random, names) for _ in range(count)]


def request(random: Random, names: Sequence[str]) -> Request:
    authority = random.choice(names) + random.choices(("", ":80", ":8080"), (8, 1, 1))[0]
    if random.random() < 0.1:
        authority = authority.upper()
    query = "&".join(f"{random.choice(PARAMETERS)}={random.choice(VALUES)}" for _ in range(random.choice((0, 0, 1, 2))))
    headers = [(random.choice(HEADERS), random.choice(VALUES)) for _ in range(random.choice((0, 0, 1, 2, 3)))]
    method = random.choices(METHODS, (6, 2, 1, 1))[0]
    if random.random() < 0.15:
        headers.append(("origin", random.choice(ORIGINS)))
        if method == "OPTIONS":
            headers.append(("access-control-request-method", "GET"))
    target = random.choice(PATHS) + (f"?{query}" if query else "")
    return Request(method, authority, target, random.choices(("http", "https"), (9, 1))[0], tuple(headers))
