"""Why a patch changed nothing, in words."""

from typing import Any

from meshcompile.models.networking.envoy_filter import ApplyTo, Operation
from meshcompile.resolve.envoy_filters import Condition, Patch


def reason(patch: Patch, condition: Condition) -> str:
    """What came of the condition that stopped a patch."""
    asked = _asked(patch, condition)
    match condition:
        case Condition.PROXY_VERSION:
            return f"its Istio version does not match {asked}"
        case Condition.PROXY_METADATA:
            return f"its metadata lack {', '.join(f'{key}={value}' for key, value in asked.items())}"
        case Condition.CONTEXT:
            return f"nothing of it belongs to the context {asked}"
        case Condition.OBJECT if patch.apply_to is ApplyTo.BOOTSTRAP:
            return "istiod applies no patches to bootstraps"
        case Condition.OBJECT:
            return f"it has no {_noun(patch)}"
        case Condition.VALUE:
            return "its value cannot be read"
        case Condition.DISCOVERY:
            return "no filter discovers a configuration of that name"
        case Condition.TRANSPORT_SOCKET:
            return "the cluster chooses among transport sockets, and none of them has the name of the patch's"
        case Condition.OPERATION:
            return _useless(patch)
    return f"nothing has `{condition.value}: {asked}`"


def _useless(patch: Patch) -> str:
    if patch.operation in (Operation.REMOVE, Operation.REPLACE, Operation.MERGE):
        return f"{patch.operation} of a {_noun(patch)} needs a match that names one, and something to change there"
    return f"{patch.operation} does nothing to a {_noun(patch)}"


def _noun(patch: Patch) -> str:
    return patch.apply_to.lower().replace("_", " ").replace("http", "HTTP")


def _asked(patch: Patch, condition: Condition) -> Any:
    """What a patch says in the field of a condition."""
    value: Any = patch.config_patch
    for name in condition.value.split("."):
        value = getattr(value, _attribute(name), None)
    return value


def _attribute(name: str) -> str:
    """The Python name of a field."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
