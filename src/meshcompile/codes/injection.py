"""Codes of sidecar injection: istioctl's codes for namespaces, Pods and Deployments."""

from meshcompile.diagnostics import Code, Severity

NAMESPACE_NOT_INJECTED = Code(
    "IST0102",
    "namespace-not-injected",
    Severity.INFO,
    "namespace {name} has no label for sidecar injection, so its Pods get no sidecar",
    """Istio injects sidecars into namespaces with the label `istio-injection: enabled` or `istio.io/rev`, and captures
the traffic of namespaces with `istio.io/dataplane-mode: ambient`. Other Pods are outside of the mesh. Write
`istio-injection: disabled` if that is intended.""",
)
POD_WITHOUT_PROXY = Code(
    "IST0103",
    "pod-missing-proxy",
    Severity.WARNING,
    "Pod {pod} has no `istio-proxy` container although its namespace enables injection, so {effect}",
    """Istio injects the sidecar when a Pod is created. A Pod that was created before the namespace got its label has
none. Restart the workload. If the Pod should have no sidecar, label it `sidecar.istio.io/inject: "false"`.""",
)
SEVERAL_INJECTION_LABELS = Code(
    "IST0123",
    "several-injection-labels",
    Severity.WARNING,
    "namespace {name} has the labels {labels}, of which only one should be set",
    """`istio-injection: enabled` selects the default revision, `istio.io/rev` another one, and
`istio.io/dataplane-mode` ambient mode. Istio's webhooks disagree about a namespace that has several of them. Keep one.
""",
)
RESERVED_USER = Code(
    "IST0144",
    "reserved-user-id",
    Severity.WARNING,
    "{kind} {name} runs as user 1337, which is reserved for the sidecar, so its traffic is not captured",
    """Istio tells traffic of the sidecar from traffic of the application by the user: connections of user 1337 go
straight out. Use another user ID.""",
)
_AUTO_IMAGE = """The injector replaces the image `auto` of a container `istio-proxy`, which is how gateways are written.
Where it does not run, Kubernetes tries to pull an image with the name `auto`. """
AUTO_IMAGE_NOT_INJECTED = Code(
    "IST0146",
    "auto-image-without-injection",
    Severity.WARNING,
    "Deployment {name} has `image: auto`, but no injection webhook {where}selects its Pods, so {effect}",
    _AUTO_IMAGE
    + """Label the namespace or the Pod template so that a webhook of Istio selects it. If the
input has no webhooks, those of Istio's installation count.""",
)
AUTO_IMAGE_IN_POD = Code(
    "IST0147",
    "auto-image-in-pod",
    Severity.ERROR,
    "Pod {name} has `image: auto`, which injection should have replaced, so it does not start",
    _AUTO_IMAGE
    + """A Pod that still has it was not injected. Check the labels of its namespace, and create it again.""",
)
INJECTED_BY_DEFAULT = Code(
    "IST0148",
    "namespace-injected-by-default",
    Severity.INFO,
    "namespace {name} has no label for injection, and Istio is installed to inject into such namespaces",
    "With `sidecarInjectorWebhook.enableNamespacesByDefault`, Istio injects sidecars into every namespace without a "
    "label. Write `istio-injection: disabled` for a namespace that should have none.",
)
PROXY_IMAGES_DIFFER = Code(
    "IST0158",
    "proxy-image-mismatch",
    Severity.WARNING,
    "Pods {pods} of namespace {name} do not run the proxy image {image} that injection uses now",
    "Pods keep the proxy that they were created with. After an upgrade of Istio, restart the workloads.",
)
