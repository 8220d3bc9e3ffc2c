"""A mesh that is updated step by step equals one that is loaded from the result, whatever the steps are."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import meshcompile

BASE = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop, labels: {app: web, version: v1}}
spec: {containers: [{name: app}, {name: istio-proxy}]}
status: {phase: Running, podIP: 10.1.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: client-0, namespace: other, labels: {app: client}}
spec: {containers: [{name: app}, {name: istio-proxy}]}
status: {phase: Running, podIP: 10.1.0.9}
---
apiVersion: v1
kind: Pod
metadata: {name: gateway-0, namespace: istio-system, labels: {istio: ingressgateway}}
spec: {containers: [{name: istio-proxy}]}
status: {phase: Running, podIP: 10.1.0.8}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.0.0.1, selector: {app: web}, ports: [{name: http, port: 80}, {name: tcp, port: 5432}]}
"""
BROKEN = "apiVersion: v1\nkind: [\n"
FOREIGN = "image: nginx\n"

API = {
    **dict.fromkeys(("Service", "Namespace", "Pod", "Secret", "ConfigMap"), "v1"),
    **dict.fromkeys(
        ("Sidecar", "VirtualService", "DestinationRule", "ServiceEntry", "Gateway"), "networking.istio.io/v1"
    ),
    **dict.fromkeys(("AuthorizationPolicy", "PeerAuthentication"), "security.istio.io/v1"),
    "Telemetry": "telemetry.istio.io/v1",
    "EnvoyFilter": "networking.istio.io/v1alpha3",
    "Deployment": "apps/v1",
    "EndpointSlice": "discovery.k8s.io/v1",
}


def version(kind: str, body: str, meta: str = "namespace: shop", name: str = "%s") -> str:
    """A version of an object, as text with a gap for its name or a label."""
    return f"{{apiVersion: {API[kind]}, kind: {kind}, metadata: {{name: {name}, {meta}}}, {body}}}"


def template(labels: str, containers: str = "{name: app}") -> str:
    return (
        f"spec: {{selector: {{matchLabels: {{{labels}}}}},"
        f" template: {{metadata: {{labels: {{{labels}}}}}, spec: {{containers: [{containers}]}}}}}}"
    )


def slice_of(endpoint: str, ports: str) -> str:
    meta = "namespace: shop, labels: {kubernetes.io/service-name: web}"
    return version("EndpointSlice", f"addressType: IPv4, ports: [{ports}], endpoints: [{endpoint}]", meta)


IN_ROOT, IN_OTHER = "namespace: istio-system", "namespace: other"
NOTED = f"{IN_ROOT}, labels: {{note: %s}}"
PROXY = "{name: app}, {name: istio-proxy}"
# Each kind has several versions; some are invalid, some about other namespaces, and some name what is not there.
VERSIONS = (
    version("Service", "spec: {clusterIP: 10.0.0.2, selector: {app: web}, ports: [{name: http, port: 80}]}"),
    version(
        "Service",
        "spec: {clusterIP: 10.0.0.2, selector: {app: web}, ports: [{name: a, port: 81}, {port: 9000, name: b}]}",
    ),
    version(
        "Service",
        "spec: {selector: {app: none}, ports: [{port: 80}]}",
        "namespace: shop, annotations: {networking.istio.io/exportTo: .}",
    ),
    version("Service", "spec: {ports: [{port: 123456}]}"),
    version("VirtualService", "spec: {hosts: [web], http: [{route: [{destination: {host: web}}]}]}"),
    version(
        "VirtualService",
        "spec: {hosts: [web], http: [{timeout: 3s, match: [{sourceLabels: {app: client}}], route: [{destination:"
        " {host: web, subset: v1}}]}, {route: [{destination: {host: gone}}]}]}",
    ),
    version(
        "VirtualService",
        "spec: {hosts: [a.example.com], gateways: [istio-system/public, mesh], tcp: [{route: [{destination: {host: web,"
        " port: {number: 5432}}}]}], http: [{delegate: {name: delegate}}]}",
    ),
    version("VirtualService", "spec: {http: [{route: [{destination: {host: web}}], name: %s}]}", name="delegate"),
    version("VirtualService", "spec: {hots: [web]}"),
    version("DestinationRule", "spec: {host: web, subsets: [{name: v1, labels: {version: v1}}]}"),
    version(
        "DestinationRule",
        "spec: {host: web, trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x}}, tls: {mode: SIMPLE}}}",
    ),
    version(
        "DestinationRule",
        "spec: {host: web, workloadSelector: {matchLabels: {app: client}}, trafficPolicy: {outlierDetection: {}}}",
    ),
    version("Sidecar", "spec: {egress: [{hosts: [shop/*]}]}", IN_OTHER),
    version("Sidecar", "spec: {egress: [{hosts: [./*]}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}", IN_OTHER),
    version("AuthorizationPolicy", "spec: {rules: [{to: [{operation: {methods: [GET]}}]}]}"),
    version("AuthorizationPolicy", "spec: {action: DENY, rules: [{from: [{source: {namespaces: [other]}}]}]}", IN_ROOT),
    version("PeerAuthentication", "spec: {mtls: {mode: STRICT}}"),
    version("PeerAuthentication", "spec: {mtls: {mode: DISABLE}}", IN_ROOT),
    version("Telemetry", "spec: {accessLogging: [{providers: [{name: envoy}]}]}"),
    version("Namespace", "spec: {}", "labels: {note: %s}", "shop"),
    version("Namespace", "spec: {}", "labels: {istio-injection: disabled, note: %s}", "lone"),
    version(
        "Pod",
        f"spec: {{containers: [{PROXY}]}}, status: {{phase: Running, podIP: 10.1.0.3}}",
        "namespace: shop, labels: {app: web, version: v1}",
    ),
    version(
        "Pod",
        "spec: {containers: [{name: app}]}, status: {phase: Running, podIP: 10.1.0.4}",
        "namespace: shop, labels: {app: web}",
    ),
    version("Deployment", template("app: web, own: a")),
    version("Deployment", template("app: lone"), "namespace: lone"),
    slice_of(
        "{addresses: [10.1.0.1], targetRef: {kind: Pod, name: web-0, namespace: shop}}",
        "{name: http, port: 8080}, {name: tcp, port: 5432}",
    ),
    slice_of("{addresses: [10.1.0.77]}", "{name: http, port: 8080}"),
    version(
        "ServiceEntry",
        "spec: {hosts: [far.example], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS}",
    ),
    version(
        "ServiceEntry",
        "spec: {hosts: [web.shop.svc.cluster.local], ports: [{number: 80, name: http, protocol: HTTP}], resolution:"
        " STATIC, endpoints: [{address: 10.9.9.9}]}",
    ),
    version(
        "EnvoyFilter",
        "spec: {configPatches: [{applyTo: CLUSTER, match: {context: SIDECAR_OUTBOUND}, patch: {operation: MERGE, value:"
        " {connect_timeout: 7s}}}]}",
    ),
    version(
        "EnvoyFilter",
        "spec: {configPatches: [{applyTo: ROUTE_CONFIGURATION, patch: {operation: MERGE, value: {validate_clusters:"
        " true}}}]}",
        IN_ROOT,
    ),
    version(
        "Gateway",
        "spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts:"
        " ['*.example.com']}]}",
        NOTED,
        "public",
    ),
    version(
        "Gateway",
        "spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts:"
        " ['*'], tls: {mode: SIMPLE, credentialName: cert}}]}",
        NOTED,
        "public",
    ),
    version("Secret", "type: kubernetes.io/tls, data: {tls.crt: YQ==, tls.key: YQ==}", NOTED, "cert"),
    version("ConfigMap", "data: {mesh: 'accessLogFile: /dev/stdout'}", NOTED, "istio"),
    version("ConfigMap", "data: {mesh: 'outboundTrafficPolicy: {mode: REGISTRY_ONLY}'}", NOTED, "istio"),
)
VERSION = st.sampled_from(VERSIONS)
NAMES = st.sampled_from(("a", "b"))


def text_of(objects: list[tuple[str, str]], lines: int) -> str:
    """The text of a file: some empty lines, then the objects."""
    return "\n" * lines + "\n---\n".join(written.replace("%s", name) for written, name in objects) + "\n"


FILE = st.builds(text_of, st.lists(st.tuples(VERSION, NAMES), min_size=1, max_size=3), st.integers(0, 3))
TEXT = st.one_of(FILE, FILE, FILE, FILE, st.sampled_from((FOREIGN, "", BASE + "---\n" + BROKEN)))
PATHS = st.sampled_from(("a.yaml", "b.yaml", "more/c.yaml"))


def described(origin: meshcompile.Origin) -> tuple[str, str]:
    return str(origin), origin.field


def seen(mesh: meshcompile.Mesh) -> dict[str, Any]:
    """All that a user can see of a mesh, with places."""
    configs = [mesh.compile(proxy) for proxy in mesh.proxies()]
    return {
        "sources": mesh.sources,
        "diagnostics": [found.to_dict() for found in mesh.diagnostics],
        "names": mesh.proxy_names,
        "configs": [config.to_dict() for config in configs],
        "found": [[found.to_dict() for found in config.diagnostics] for config in configs],
        "places": [
            {pointer: [*map(described, origins)] for pointer, origins in config.source_map().items()}
            for config in configs
        ],
        "analysis": [found.to_dict() for found in mesh.analyze()],
        "credentials": [config.credentials for config in configs],
    }


class Edits(RuleBasedStateMachine):
    """A folder and objects that are edited, and a mesh that follows."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        (self.folder / "more").mkdir()
        (self.folder / "base.yaml").write_text(BASE)
        self.objects: dict[tuple[str, str, str], Any] = {}
        self.mesh = meshcompile.load([self.folder])
        self.earlier: list[tuple[meshcompile.Mesh, dict[str, Any]]] = []
        self.checked = True

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def update(self, *changed: Any, removed: tuple[Any, ...] = ()) -> None:
        self.mesh = self.mesh.updated(changed, removed)
        self.checked = False

    @rule(path=PATHS, text=TEXT)
    def write(self, path: str, text: str) -> None:
        (self.folder / path).write_text(text)
        self.update(self.folder / path)

    @rule(lines=st.integers(0, 3), extra=st.sampled_from(("", "---\n" + VERSIONS[4].replace("%s", "base"))))
    def shift(self, lines: int, extra: str) -> None:
        (self.folder / "base.yaml").write_text("#\n" * lines + BASE + extra)
        self.update(self.folder / "base.yaml")

    @rule(path=PATHS)
    def remove(self, path: str) -> None:
        (self.folder / path).unlink(missing_ok=True)
        self.update(removed=(self.folder / path,))

    @rule(written=VERSION)
    def put(self, written: str) -> None:
        value = yaml.safe_load(written.replace("%s", "data"))
        key = (value["kind"], value["metadata"].get("namespace", ""), value["metadata"]["name"])
        # An object takes the place of the one with its name: only what no file has can be compared with a load.
        if key[2].endswith("data"):
            self.objects[key] = value
            self.update(value)

    @rule(data=st.data())
    @precondition(lambda self: self.objects)
    def drop(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.objects)))
        self.update(removed=(self.objects.pop(key),))

    @rule()
    def look(self) -> None:
        """Compile from the mesh as it is, so that there is something to keep, and keep the mesh."""
        self.earlier = [*self.earlier[-1:], (self.mesh, seen(self.mesh))]

    @invariant()
    def it_equals_a_fresh_load(self) -> None:
        if self.checked:
            return
        fresh = meshcompile.load([self.folder, *self.objects.values()])
        assert self.mesh == fresh
        assert seen(self.mesh) == seen(fresh)
        self.checked = True

    @invariant()
    def earlier_meshes_stay(self) -> None:
        for mesh, before in self.earlier:
            assert seen(mesh) == before


Edits.TestCase.settings = settings(
    max_examples=15, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
)
TestEdits = Edits.TestCase
