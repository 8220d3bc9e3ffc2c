"""Infos about what checks assume, and about what istioctl reads differently. istioctl has errors in their place."""

from __future__ import annotations

import pytest

from meshcompile.diagnostics import Diagnostic, Severity
from tests.meshes import SHOP, mesh

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web, version: v1}}, spec: {containers: [{name: %s}]}}
---
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop, labels: {app: web, version: v1}}
spec: {containers: [{name: web, image: web}]}
%s
---
"""
STATUS = "status: {phase: Running, podIP: 10.1.0.1}"
NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {%s}}
---
"""
INJECTED = NAMESPACE % "istio-injection: enabled"
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: site, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
"""
SLICE = """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: site-1, namespace: shop, labels: {kubernetes.io/service-name: site}}
addressType: IPv4
ports: [{name: http, port: 80}]
endpoints: [{addresses: [10.1.0.1], targetRef: {kind: Pod, name: web-0, namespace: shop}}]
---
"""


def istio(group: str, kind: str, spec: str, name: str = "x", namespace: str = "shop") -> str:
    return f"""
apiVersion: {group}.istio.io/v1
kind: {kind}
metadata: {{name: {name}, namespace: {namespace}}}
spec: {spec}
---
"""


POLICY = istio("security", "AuthorizationPolicy", "{selector: {matchLabels: {app: web}}, rules: [{}]}")
SIDECAR = istio("networking", "Sidecar", "{workloadSelector: {labels: {app: web}}, egress: [{hosts: ['./*']}]}")
TELEMETRY = istio(
    "telemetry", "Telemetry", "{selector: {matchLabels: {app: web}}, accessLogging: [{providers: [{name: envoy}]}]}"
)
RULE = istio("networking", "DestinationRule", "{host: site, subsets: [{name: v1, labels: {version: v1}}]}")
RUNNING = POD % STATUS
NEW = POD % ""


def found(code: str, *texts: str) -> list[Diagnostic]:
    return [each for each in mesh(SHOP, *texts).analyze() if each.code == code]


@pytest.mark.parametrize(
    ("code", "text", "message"),
    [
        ("IST0127", POLICY, "no Pod of the input has the labels app=web, so {assumed}"),
        ("IST0101", SIDECAR, "the input has no Pod with the labels app=web, so {assumed}"),
        ("IST0101", TELEMETRY, "the input has no Pod with the labels app=web, so {assumed}"),
        ("IST0173", RULE, "subset v1 of site selects no Pod of the input, so {assumed}"),
    ],
)
def test_assumed_pods(code: str, text: str, message: str) -> None:
    """A check that counts on Pods of a Deployment says so in an info, and is silent about a Pod of the input."""
    (info,) = found(code, INJECTED, SERVICE, DEPLOYMENT % "web, image: web", text)
    assert info.severity is Severity.INFO
    assert info.message == message.format(assumed="meshcompile assumes those of Deployment web")
    pod = RUNNING.replace("containers: [", "containers: [{name: istio-proxy, image: proxyv2}, ")
    assert found(code, INJECTED, SERVICE, pod, SLICE, text) == []


def test_assumed_pods_in_ambient_mode() -> None:
    """A Sidecar for assumed Pods in ambient mode is one warning, since they have no sidecar."""
    ambient = NAMESPACE % "istio.io/dataplane-mode: ambient"
    texts = (ambient, SERVICE, DEPLOYMENT % "web, image: web", SIDECAR)
    (warning,) = found("IST0101", *texts)
    assert warning.severity is Severity.WARNING
    assert warning.message.endswith("Deployment web: they are in ambient mode, which reads no Sidecar")
    assert found("IST0167", *texts) == []


def test_a_pod_that_is_yet_to_be_created() -> None:
    """A Pod without a status is injected later, which an info says. One that runs already is outside of the mesh."""
    (info,) = found("IST0103", INJECTED, NEW)
    assert info.severity is Severity.INFO
    assert info.message.endswith("so meshcompile assumes that it is injected when it is created")
    (warning,) = found("IST0103", INJECTED, RUNNING)
    assert warning.severity is Severity.WARNING
    assert found("IST0103", INJECTED, NEW.replace("name: web, image", "name: istio-proxy, image")) == []


def test_assumed_webhooks() -> None:
    """An info says that the input has no webhook for a proxy that waits for injection."""
    (info,) = found("IST0146", INJECTED, DEPLOYMENT % "istio-proxy, image: auto")
    assert info.severity is Severity.INFO
    assert info.message.endswith("so meshcompile assumes those of Istio's installation")
    (warning,) = found("IST0146", NAMESPACE % "a: b", DEPLOYMENT % "istio-proxy, image: auto")
    assert warning.severity is Severity.WARNING
    assert found("IST0146", INJECTED, DEPLOYMENT % "istio-proxy, image: proxyv2") == []


def test_names_of_gateways_that_istioctl_does_not_know() -> None:
    """An info asks for a form of a Gateway's name that all tools read. The plain forms have none."""
    gateway = istio(
        "networking",
        "Gateway",
        "{selector: {a: b}, servers: [{port: {number: 80, name: h, protocol: HTTP}, hosts: ['*']}]}",
        "front",
    )
    service = "{hosts: [web.example], gateways: [%s], http: [{directResponse: {status: 200}}]}"
    for code in ("IST0101", "IST0132"):
        texts = (gateway, istio("networking", "VirtualService", service % "./front"))
        (info,) = [each for each in found(code, *texts) if each.kind == "VirtualService"]
        assert (info.severity, info.field) == (Severity.INFO, "spec.gateways[0]")
        assert info.message.endswith("so it is better to write `shop/front`")
        for plain in ("front", "shop/front"):
            texts = (gateway, istio("networking", "VirtualService", service % plain))
            assert [each for each in found(code, *texts) if each.kind == "VirtualService"] == []


def test_a_wildcard_over_a_host_with_few_clients() -> None:
    """An info at both VirtualServices says which rules hold where a wildcard covers the host of another one."""
    spec = "{hosts: ['%s'], exportTo: ['%s'], http: [{directResponse: {status: 200}}]}"
    wide = istio("networking", "VirtualService", spec % ("*.web.example", "*"), "wide")
    narrow = istio("networking", "VirtualService", spec % ("a.web.example", "."), "narrow", "edge")
    one, other = found("IST0109", wide, narrow)
    assert {(each.name, each.severity) for each in (one, other)} == {
        ("wide", Severity.INFO),
        ("narrow", Severity.INFO),
    }
    assert {one.message, other.message} == {
        "host *.web.example of VirtualService shop/wide covers a.web.example of edge/narrow for sidecars of namespace "
        "edge: requests for the narrower host use the rules of edge/narrow"
    }
    public = istio("networking", "VirtualService", spec % ("a.web.example", "*"), "narrow", "edge")
    assert found("IST0109", wide, public) == []


def test_a_narrow_host_below_a_wildcard_with_few_clients() -> None:
    """The wildcard may be the one with few clients."""
    spec = "{hosts: ['%s'], exportTo: ['%s'], http: [{directResponse: {status: 200}}]}"
    wide = istio("networking", "VirtualService", spec % ("*.web.example", "."), "wide")
    narrow = istio("networking", "VirtualService", spec % ("a.web.example", "*"), "narrow", "edge")
    assert sorted(each.name for each in found("IST0109", wide, narrow)) == ["narrow", "wide"]
    assert found("IST0109", wide, narrow.replace("a.web.example", "a.other.example")) == []


def test_a_subset_of_an_unknown_host() -> None:
    """A subset that only a wildcard's rule defines has no cluster while no service has the host."""
    spec = "{hosts: [web], http: [{route: [{destination: {host: eu.partner.example, subset: eu}}]}]}"
    rule = istio("networking", "DestinationRule", "{host: '*.partner.example', subsets: [{name: eu}]}")
    texts = (istio("networking", "VirtualService", spec), rule)
    assert [(each.severity, each.field.rpartition(".")[2]) for each in found("IST0101", *texts)] == [
        (Severity.ERROR, "host"),
        (Severity.INFO, "host"),
    ]
    entry = istio(
        "networking",
        "ServiceEntry",
        "{hosts: ['*.partner.example'], resolution: NONE, location: MESH_EXTERNAL,"
        " ports: [{number: 80, name: h, protocol: HTTP}]}",
    )
    assert found("IST0101", *texts, entry) == []


def test_a_value_that_an_alias_uses_again() -> None:
    """A mistake in an anchor is found at its own line, and once more at the object for the aliases."""
    text = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: x, namespace: shop}
spec:
  hosts: [web]
  http:
  - match: [{uri: {prefix: /a}}]
    route: &r
    - destination: {host: lost.example}
  - match: [{uri: {prefix: /b}}]
    route: *r
  - route: *r
---
"""
    assert [each.field for each in found("IST0101", text)] == ["", "spec.http[0].route[0].destination.host"]


GATEWAY = istio(
    "networking",
    "Gateway",
    "{selector: {app: web}, servers: [{port: {number: 80, name: h, protocol: HTTP}, hosts: ['*']}]}",
    "front",
)


def test_pods_that_a_gateway_selects() -> None:
    """A Pod without an `istio-proxy` container that a Gateway selects is taken for a gateway."""
    for code, namespace, text in (("IST0127", "", POLICY), ("IST0103", INJECTED, "")):
        (info,) = found(code, namespace, SERVICE, RUNNING, GATEWAY, text)
        assert info.severity is Severity.INFO
        assert "meshcompile assumes that " in info.message
        (warning,) = found(code, namespace, SERVICE, RUNNING, text)
        assert warning.severity is Severity.WARNING


def test_injection_by_revision() -> None:
    """A namespace with a revision injects Pods that are yet to be created, and a policy applies to them."""
    revision = NAMESPACE % "istio.io/rev: canary"
    (info,) = found("IST0127", revision, DEPLOYMENT % "web, image: web", POLICY)
    assert info.severity is Severity.INFO
    assert found("IST0127", revision, NEW, POLICY) == []
    (warning,) = found("IST0127", revision, RUNNING, POLICY)
    assert warning.message == (
        "no Pod of namespace shop with the labels app=web has an `istio-proxy` container, so this policy has no effect"
    )
