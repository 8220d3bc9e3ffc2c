"""Synthetic meshes as users keep them in Git: without Pods and EndpointSlices, which meshcompile assumes."""

from __future__ import annotations

NAMESPACES = 10

SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {namespace}
spec:
  clusterIP: {address}
  selector:
    app: {name}
  ports:
    - name: http
      port: 80
      targetPort: 8080
    - name: grpc-api
      port: 9090
      targetPort: 9090
"""

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}-{version}
  namespace: {namespace}
spec:
  selector:
    matchLabels:
      app: {name}
      version: {version}
  template:
    metadata:
      labels:
        app: {name}
        version: {version}
        sidecar.istio.io/inject: "true"
    spec:
      serviceAccountName: {name}
      containers:
        - name: app
          image: registry.example/{name}:{version}
          ports:
            - name: http
              containerPort: 8080
            - name: grpc-api
              containerPort: 9090
"""

DESTINATION_RULE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: {name}
  namespace: {namespace}
spec:
  host: {name}.{namespace}.svc.cluster.local
  trafficPolicy:
    connectionPool:
      http:
        http2MaxRequests: 1000
    outlierDetection:
      consecutive5xxErrors: 5
  subsets:
    - name: v1
      labels:
        version: v1
    - name: v2
      labels:
        version: v2
"""

VIRTUAL_SERVICE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: {name}
  namespace: {namespace}
spec:
  hosts:
    - {name}.{namespace}.svc.cluster.local
    - {name}.example.com
  gateways:
    - mesh
    - istio-system/public
  http:
    - match:
        - headers:
            x-version:
              exact: v2
      route:
        - destination:
            host: {name}.{namespace}.svc.cluster.local
            subset: v2
    - timeout: 5s
      retries:
        attempts: 2
      route:
        - destination:
            host: {name}.{namespace}.svc.cluster.local
            subset: v1
          weight: 90
        - destination:
            host: {name}.{namespace}.svc.cluster.local
            subset: v2
          weight: 10
"""

GATEWAY = """\
apiVersion: v1
kind: Service
metadata:
  name: istio-ingressgateway
  namespace: istio-system
spec:
  clusterIP: 10.255.0.1
  selector:
    istio: ingressgateway
  ports:
    - name: http2
      port: 80
      targetPort: 8080
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: istio-ingressgateway
  namespace: istio-system
spec:
  selector:
    matchLabels:
      istio: ingressgateway
  template:
    metadata:
      annotations:
        inject.istio.io/templates: gateway
      labels:
        istio: ingressgateway
        sidecar.istio.io/inject: "true"
    spec:
      containers:
        - name: istio-proxy
          image: auto
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: public
  namespace: istio-system
spec:
  selector:
    istio: ingressgateway
  servers:
    - port:
        number: 80
        name: http
        protocol: HTTP
      hosts:
        - "*.example.com"
"""

GATEWAY_PROXY = "deployment/istio-ingressgateway.istio-system"


def mesh(services: int, gateways: int = 1, versions: int = 2) -> str:
    """YAML of a mesh with so many gateways, services, and Deployments of each service.

    A service has two ports and two subsets. The gateways have one Service, and the same labels.
    """
    deployment = GATEWAY.split("---\n")[1]
    more = (deployment.replace("name: istio-ingressgateway", f"name: gateway-{n}", 1) for n in range(1, gateways))
    return "---\n".join([GATEWAY, *more, *(_service(number, versions) for number in range(services))])


def with_workloads(text: str, count: int) -> str:
    """A mesh with its gateways, and with so many of the Deployments of its services."""
    documents = text.split("---\n")
    deployments = [each for each in documents if "kind: Deployment" in each and "gateway" not in each]
    left_out = set(deployments[count:])
    return "---\n".join(each for each in documents if each not in left_out)


def first_service() -> dict[str, str]:
    """The name and the namespace of the first service."""
    return {"name": _name(0), "namespace": _namespace(0)}


def edited_service() -> str:
    """The VirtualService of the first service, with another timeout."""
    text = VIRTUAL_SERVICE.format(**first_service())
    return text.replace("timeout: 5s", "timeout: 6s")


def sidecars(services: int, count: int) -> list[str]:
    """The names of up to `count` proxies in the mesh. The first two are in one namespace."""
    numbers = [0, NAMESPACES, *(number for number in range(1, services) if number != NAMESPACES)]
    names = [
        f"deployment/{_name(number)}-{version}.{_namespace(number)}" for version in ("v1", "v2") for number in numbers
    ]
    return names[:count]


def _service(number: int, versions: int) -> str:
    values = {"name": _name(number), "namespace": _namespace(number), "address": f"10.{number >> 8}.{number & 255}.10"}
    return "---\n".join(
        (
            SERVICE.format(**values),
            *(DEPLOYMENT.format(**values, version=f"v{version}") for version in range(1, versions + 1)),
            DESTINATION_RULE.format(**values),
            VIRTUAL_SERVICE.format(**values),
        )
    )


def _name(number: int) -> str:
    return f"service-{number:05}"


def _namespace(number: int) -> str:
    return f"team-{number % NAMESPACES}"
