"""The reason why a patch changed nothing, as text."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from meshcompile.models.networking.envoy_filter import ApplyTo, Operation, PatchContext
from meshcompile.resolve.envoy_filters import Condition, Patch

FILTERS = (ApplyTo.LISTENER_FILTER, ApplyTo.NETWORK_FILTER, ApplyTo.HTTP_FILTER)
MOST_NAMES = 8
"""The maximum number of names in a suggestion."""


def reason(patch: Patch, condition: Condition) -> str:
    """The description of the condition that stopped a patch."""
    expected = _expected(patch, condition)
    match condition:
        case Condition.PROXY_VERSION:
            return f"its Istio version does not match {expected}"
        case Condition.PROXY_METADATA:
            return f"its metadata lack {', '.join(f'{key}={value}' for key, value in expected.items())}"
        case Condition.CONTEXT if expected is PatchContext.WAYPOINT:
            return "istiod applies no patches with the context WAYPOINT"
        case Condition.CONTEXT:
            return f"it has nothing in the context {expected}"
        case Condition.OBJECT if patch.apply_to is ApplyTo.BOOTSTRAP:
            return "istiod applies no patches to bootstraps"
        case Condition.OBJECT:
            return f"it has no {_noun(patch)}"
        case Condition.VALUE:
            return "its value cannot be read"
        case Condition.UNNAMED:
            return "istiod drops a listener without a name"
        case Condition.WITHOUT_FILTERS:
            return "istiod drops a filter chain without filters"
        case Condition.DISCOVERY:
            return "no filter discovers a configuration of that name"
        case Condition.TRANSPORT_SOCKET:
            return "the cluster has several transport sockets, and none of them has the patch's name"
        case Condition.OPERATION:
            return _useless(patch)
        case _:
            return f"nothing has `{condition.value}: {expected}`"


def suggestion(patch: Patch, condition: Condition, compared: Iterable[object]) -> str:
    """The most similar name that was found, or else a list of the names that were found."""
    names = sorted({str(value) for value in compared if value})
    near = get_close_matches(str(_expected(patch, condition)), names, n=1)
    if near:
        return f"did you mean {near[0]}?"
    more = len(names) - MOST_NAMES
    return f"there is {', '.join(names[:MOST_NAMES])}{f' and {more} more' if more > 0 else ''}" if names else ""


def _useless(patch: Patch) -> str:
    if patch.apply_to not in FILTERS:
        return (
            f"{patch.operation} has no effect on {'an' if patch.apply_to is ApplyTo.HTTP_ROUTE else 'a'} {_noun(patch)}"
        )
    if patch.operation is Operation.MERGE:
        return "MERGE needs a typed_config on both sides"
    return f"{patch.operation} of a filter needs a match that names one"


def _noun(patch: Patch) -> str:
    return patch.apply_to.lower().replace("_", " ").replace("http", "HTTP")


def _expected(patch: Patch, condition: Condition) -> Any:
    """The value of a condition's field in a patch."""
    value: Any = patch.config_patch
    for name in condition.value.split("."):
        value = getattr(value, _attribute(name), None)
    return value


def _attribute(name: str) -> str:
    """The Python name of a field, from its JSON name."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
