"""Changes to headers. Follows istiod's `TranslateHeadersOperations`."""

from meshcompile.envoy.config.core import HeaderValue, HeaderValueOption
from meshcompile.envoy.message import at
from meshcompile.resolve.routes.intent import HeaderChange


def header_options(changes: tuple[HeaderChange, ...]) -> tuple[HeaderValueOption, ...]:
    """Headers that are set, or to which a value is appended."""
    return tuple([_option(change) for change in changes])


def _option(change: HeaderChange) -> HeaderValueOption:
    return at(
        HeaderValueOption(
            header=HeaderValue(key=change.name, value=change.value),
            append_action="APPEND_IF_EXISTS_OR_ADD" if change.append else "OVERWRITE_IF_EXISTS_OR_ADD",
        ),
        change.origin,
    )
