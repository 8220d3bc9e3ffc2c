"""Versions of the Gateway API that are too old. Follows istioctl's `k8sgateway.CRDVersionAnalyzer`."""

import re
from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import whole
from meshcompile.codes.installation import OLD_GATEWAY_API
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.kubernetes.custom_resource_definition import CustomResourceDefinition

BUNDLE_VERSION = "gateway.networking.k8s.io/bundle-version"
MINIMUM = {
    "grpcroutes.gateway.networking.k8s.io": (1, 1, 0),
    "backendtlspolicies.gateway.networking.k8s.io": (1, 4, 0),
    "tlsroutes.gateway.networking.k8s.io": (1, 5, 0),
}
"""The first version of each kind that Istio reads."""
VERSION = re.compile(r"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")


def gateway_api_definitions(context: Context) -> Iterator[Diagnostic]:
    """A finding for each definition of a version that Istio does not read."""
    for definition in context.written.all(CustomResourceDefinition):
        minimum = MINIMUM.get(definition.name)
        installed = VERSION.fullmatch(definition.metadata.annotations.get(BUNDLE_VERSION, ""))
        if minimum is None or installed is None:
            continue
        if tuple(int(part or 0) for part in installed.groups()) < minimum:
            yield OLD_GATEWAY_API(
                definition.origin.at("metadata", "annotations", BUNDLE_VERSION),
                reported=whole(definition),
                installed=installed.group().removeprefix("v"),
                minimum=".".join(map(str, minimum)),
            )
