"""Codes of Istio's annotations on Kubernetes objects: istioctl's codes."""

from meshcompile.diagnostics import Code, Severity

_POD = """
kind: Pod
metadata: {name: cart, namespace: shop, annotations: {%s}}
spec: {containers: [{name: cart, image: cart}]}
```"""


def _examples(id: str, bad: str, good: str) -> str:
    bad_pod, good_pod = _POD % bad, _POD % good
    return f"\n\nBad:\n\n```yaml\napiVersion: v1 # {id}{bad_pod}\n\nGood:\n\n```yaml\napiVersion: v1{good_pod}"


MISPLACED = Code(
    "IST0107",
    "misplaced-annotation",
    Severity.WARNING,
    "annotation `{annotation}` has no effect on a {kind}: it is for {kinds}",
    "Istio reads the annotation only on objects of other kinds. Annotations for Pods belong into the Pod template of a "
    "Deployment, not to the Deployment itself."
    + _examples("IST0107", 'networking.istio.io/exportTo: "."', 'sidecar.istio.io/logLevel: "debug"'),
)
UNKNOWN = Code(
    "IST0108",
    "unknown-annotation",
    Severity.WARNING,
    "Istio has no annotation `{annotation}`",
    "The annotation has no effect. Look for a misspelling."
    + _examples("IST0108", "sidecar.istio.io/loglevel: debug", "sidecar.istio.io/logLevel: debug"),
)
INVALID = Code(
    "IST0125",
    "invalid-annotation",
    Severity.WARNING,
    "annotation `{annotation}` is `{value}`, but it should be {expected}",
    "Istio's injection fails for a Pod with an annotation that it cannot read, so that the Pod is not created."
    + _examples("IST0125", 'status.sidecar.istio.io/port: "http"', 'status.sidecar.istio.io/port: "15020"'),
)
DEPRECATED = Code(
    "IST0135",
    "deprecated-annotation",
    Severity.INFO,
    "annotation `{annotation}` is deprecated{instead}",
    "The annotation may not work in a future release of Istio."
    + _examples(
        "IST0135", 'sidecar.istio.io/statsInclusionPrefixes: "cluster"', "sidecar.istio.io/statsHistogramBuckets: '{}'"
    ),
)
