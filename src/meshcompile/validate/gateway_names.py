"""Names of gateways in VirtualServices: istiod's `validateGatewayNames`."""

from meshcompile.codes import validation as codes
from meshcompile.models.networking.virtual_service import (
    HTTPMatchRequest,
    L4MatchAttributes,
    TLSMatchAttributes,
    VirtualServiceSpec,
)
from meshcompile.validate.checks import Found
from meshcompile.validate.names import fqdn_problem, is_label

Named = VirtualServiceSpec | HTTPMatchRequest | TLSMatchAttributes | L4MatchAttributes


def gateway_names(node: Named, generated: bool = False) -> Found:
    """Invalid names of gateways. Like istiod, this skips everything after a name without a namespace."""
    for index, name in enumerate(node.gateways):
        namespace, slash, gateway = name.partition("/")
        if not slash:
            if "." in name:
                first, second = name.split(".")[:2]
                instead = f"{second}/{first}"
                yield codes.LEGACY_GATEWAY_NAME(
                    node.at("gateways", index), value=name, instead=instead, suggestion=f"write `{instead}`"
                )
            if problem := fqdn_problem(name):
                yield codes.GATEWAY_NAME(node.at("gateways", index), value=name, problem=problem)
            return
        if not is_label(namespace):
            yield codes.GATEWAY_NAME(
                node.at("gateways", index), value=name, problem=f"`{namespace}` is not a valid namespace"
            )
        if not gateway or not (generated or is_label(gateway)):
            yield codes.GATEWAY_NAME(node.at("gateways", index), value=name, problem=f"`{gateway}` is not a valid name")
