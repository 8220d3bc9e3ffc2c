"""Codes of `meshcompile kube-inject`: MC034x."""

from meshcompile.diagnostics import Code, Severity

INJECTION_FAILED = Code(
    "MC0340",
    "injection-failed",
    Severity.ERROR,
    "{what} cannot be injected: {problem}",
    """Injection reads a workload as Kubernetes does, checks the annotations for the sidecar, and renders the templates
of Istio. `meshcompile kube-inject` stops at the first object for which one of these fails, as `istioctl kube-inject`
does. Correct the field or the annotation that the message names.

Templates in Go's template language, which the Helm value `sidecarInjectorWebhook.templates` adds, are not run. An
object that asks for one fails.""",
)
NOT_INJECTED = Code(
    "MC0341",
    "not-injected",
    Severity.INFO,
    'skipping injection because {kind} "{name}" has {why}',
    """A Pod with `hostNetwork: true` gets no sidecar, since the sidecar would redirect the traffic of its Node. Neither
does a Pod with the label or annotation `sidecar.istio.io/inject: "false"`, nor one in a system namespace such as
`kube-system`. If the Pod should be in the mesh, remove what keeps it out.""",
)
INVALID_INJECTION_VALUE = Code(
    "MC0342",
    "invalid-injection-value",
    Severity.ERROR,
    "the Helm values cannot be used: {problem}",
    """`--values` overrides values of the Helm chart `istiod`. The values that injection reads must have the types that
the chart expects. Write the values as in a values file for `helm install`.""",
)
