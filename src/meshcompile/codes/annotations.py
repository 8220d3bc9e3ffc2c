"""Codes of Istio's annotations on Kubernetes objects: istioctl's codes."""

from meshcompile.diagnostics import Code, Severity

MISPLACED = Code(
    "IST0107",
    "misplaced-annotation",
    Severity.WARNING,
    "annotation `{annotation}` has no effect on a {kind}: it is for {kinds}",
    "Istio reads the annotation only on objects of other kinds. Annotations for Pods belong into the Pod template of a "
    "Deployment, not to the Deployment itself.",
)
UNKNOWN = Code(
    "IST0108",
    "unknown-annotation",
    Severity.WARNING,
    "Istio has no annotation `{annotation}`",
    "The annotation has no effect. Look for a misspelling.",
)
INVALID = Code(
    "IST0125",
    "invalid-annotation",
    Severity.WARNING,
    "annotation `{annotation}` is `{value}`, but it should be {expected}",
    "Istio's injection fails for a Pod with an annotation that it cannot read, so that the Pod is not created.",
)
DEPRECATED = Code(
    "IST0135",
    "deprecated-annotation",
    Severity.INFO,
    "annotation `{annotation}` is deprecated{instead}",
    "The annotation may not work in a future release of Istio.",
)
