"""Objects that are filtered out for a proxy have a reason."""

from __future__ import annotations

import pytest

from meshcompile.proxy import Proxy
from meshcompile.resolve.resolved import resolve
from tests.meshes import SHOP, gateway, mesh, sidecar

OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: private, namespace: team, annotations: {networking.istio.io/exportTo: .}}
spec: {clusterIP: 10.0.1.1, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: only-web, namespace: shop}
spec: {egress: [{hosts: [./web.shop.svc.cluster.local]}]}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: of-others, namespace: shop}
spec: {workloadSelector: {labels: {app: other}}, egress: [{hosts: [./*]}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: private-rule, namespace: team}
spec: {host: web.shop.svc.cluster.local, exportTo: [.]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: rule-of-nobody, namespace: shop}
spec: {host: nobody.example}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: rule-of-others, namespace: shop}
spec: {host: web.shop.svc.cluster.local, workloadSelector: {matchLabels: {app: other}}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: at-edge, namespace: shop}
spec: {hosts: [web.com], gateways: [edge], http: [{route: [{destination: {host: web}}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: routes-of-catalog, namespace: shop}
spec: {hosts: [catalog], http: [{route: [{destination: {host: catalog}}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: private-routes, namespace: team}
spec: {hosts: [web.shop.svc.cluster.local], exportTo: [.], http: [{route: [{destination: {host: private}}]}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {selector: {istio: other}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: of-team, namespace: team}
spec: {}
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: of-gateway-api, namespace: shop}
spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: peer-of-others, namespace: shop}
spec: {selector: {matchLabels: {app: other}}, mtls: {mode: STRICT}}
"""


def reasons(proxy: Proxy) -> dict[str, str]:
    """The reasons, by object name."""
    return {each.origin.document.name: each.reason for each in resolve(mesh(SHOP, OBJECTS).snapshot, proxy).skipped}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("private", "it is not exported to namespace shop"),
        ("catalog", "Sidecar shop/only-web does not import it"),
        ("routes-of-catalog", "the proxy imports none of its hosts"),
        ("of-others", "its selector does not match the proxy's labels"),
        ("private-rule", "it is not exported to namespace shop"),
        ("rule-of-nobody", "the proxy imports none of its hosts"),
        ("rule-of-others", "its selector does not match the proxy's labels"),
        ("at-edge", "it is for gateways and not for sidecars"),
        ("private-routes", "it is not exported to namespace shop"),
        ("edge", "only gateways read it"),
        ("of-team", "it is for the workloads of namespace team"),
        ("of-gateway-api", "its targets do not name the proxy, nor a service that it stands before"),
        ("peer-of-others", "its selector does not match the proxy's labels"),
    ],
)
def test_what_a_sidecar_leaves_out(name: str, reason: str) -> None:
    """An object that does not apply to a sidecar has a reason."""
    assert reasons(sidecar())[name] == reason


def test_what_is_for_the_proxy_is_not_left_out() -> None:
    """The Sidecar that applies, and the service that it imports, have no reason."""
    assert not {"only-web", "web"} & reasons(sidecar()).keys()


def test_what_a_gateway_leaves_out() -> None:
    """A gateway uses no Sidecar, and no VirtualService of a Gateway that does not select it."""
    found = reasons(gateway())
    assert found["only-web"] == "only sidecars read it"
    assert found["edge"] == "its selector does not match the proxy's labels"
    assert found["at-edge"] == found["routes-of-catalog"] == "none of its gateways selects the proxy"


def test_what_is_left_out_is_compared_by_value() -> None:
    """Equal meshes leave out the same. An object more that the proxy gets nothing of makes a difference."""
    one, other = (resolve(mesh(SHOP, OBJECTS).snapshot, sidecar()) for _ in range(2))
    fewer = resolve(mesh(SHOP, *OBJECTS.split("---")[:-1]).snapshot, sidecar())
    assert (one.skipped, hash(one.skipped)) == (other.skipped, hash(other.skipped))
    assert one.skipped != fewer.skipped
