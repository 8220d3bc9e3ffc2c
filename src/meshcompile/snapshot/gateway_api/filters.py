"""Filters of routes, as settings of rules of VirtualServices. Follows istiod's `createHeadersFilter` and neighbours."""

from collections.abc import Iterable, Mapping

from meshcompile.behaviour import Behaviour
from meshcompile.models.base import placed
from meshcompile.models.common import StringMatch
from meshcompile.models.gateway_api.filters import (
    Fraction,
    HTTPCORSFilter,
    HTTPHeader,
    HTTPHeaderFilter,
    HTTPRequestMirrorFilter,
    HTTPRequestRedirectFilter,
    HTTPURLRewriteFilter,
)
from meshcompile.models.networking.virtual_service import (
    CorsPolicy,
    HeaderOperations,
    HTTPRedirect,
    HTTPRewrite,
    Percent,
    RedirectPortSelection,
    RegexRewrite,
    UnmatchedPreflights,
)
from meshcompile.snapshot.gateway_api.backends import RouteInvalid
from meshcompile.snapshot.gateway_api.conditions import INVALID_FILTER, Invalid
from meshcompile.syntax.re2 import quoted
from meshcompile.values.durations import Duration

# Any origin: `*` would also match text that is no origin.
ANY_ORIGIN = r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s?#]+$"


def header_operations(modifier: HTTPHeaderFilter | None) -> HeaderOperations | None:
    """Changes of headers.

    Raises RouteInvalid for a value with control characters.
    """
    if modifier is None:
        return None
    for header in (*modifier.set, *modifier.add):
        if any((ord(letter) < 0x20 and letter != "\t") or ord(letter) == 0x7F for letter in header.value):
            message = f'header "{header.name}" value contains invalid characters'
            raise RouteInvalid(Invalid(INVALID_FILTER, message, header.origin))
    operations = HeaderOperations(set=_by_name(modifier.set), add=_by_name(modifier.add), remove=modifier.remove)
    return placed(operations, modifier.origin)


def _by_name(headers: Iterable[HTTPHeader]) -> Mapping[str, str]:
    """The headers by their names in lower case; the first of one name counts."""
    values: dict[str, str] = {}
    for header in headers:
        values.setdefault(header.name.lower(), header.value)
    return values


def redirect(redirected: HTTPRequestRedirectFilter, behaviour: Behaviour) -> HTTPRedirect:
    """A redirect. Without a port it names the port of its scheme if it has one, else that of the request."""
    path = redirected.path
    prefix = path.replace_prefix_match or "" if path is not None and path.type == "ReplacePrefixMatch" else None
    derived = (
        RedirectPortSelection.FROM_PROTOCOL_DEFAULT if redirected.scheme else RedirectPortSelection.FROM_REQUEST_PORT
    )
    converted = HTTPRedirect(
        scheme=redirected.scheme or "",
        authority=redirected.hostname or "",
        port=redirected.port,
        derive_port=derived if redirected.port is None else None,
        uri=path.replace_full_path or "" if path is not None and path.type == "ReplaceFullPath" else "",
        redirect_code=redirected.status_code,
    )
    if prefix is not None:
        changed = {"prefix_rewrite": prefix} if behaviour.redirect_prefixes else {"uri": f"%PREFIX()%{prefix}"}
        converted = converted.model_copy(update=changed)
    return placed(converted, redirected.origin)


def rewrite(rewritten: HTTPURLRewriteFilter) -> HTTPRewrite | None:
    """A rewrite of path and host; None if it changes nothing."""
    uri, regex = "", None
    if rewritten.path is not None and rewritten.path.type == "ReplacePrefixMatch":
        uri = (rewritten.path.replace_prefix_match or "").removesuffix("/") or "/"
    elif rewritten.path is not None and rewritten.path.type == "ReplaceFullPath":
        replacement = RegexRewrite(match="/.*", rewrite=rewritten.path.replace_full_path or "")
        regex = placed(replacement, rewritten.path.origin)
    if not (uri or regex or rewritten.hostname):
        return None
    converted = HTTPRewrite(uri=uri, uri_regex_rewrite=regex, authority=rewritten.hostname or "")
    return placed(converted, rewritten.origin)


def cors(policy: HTTPCORSFilter) -> CorsPolicy:
    """Which origins scripts may call from. Preflights of other origins do not go to the backend."""
    converted = CorsPolicy(
        allow_origins=tuple(placed(_origin(each), policy.origin) for each in policy.allow_origins if each),
        allow_credentials=True if policy.allow_credentials else None,
        allow_methods=policy.allow_methods,
        allow_headers=policy.allow_headers,
        expose_headers=policy.expose_headers,
        max_age=Duration(policy.max_age * 1_000_000_000) if policy.max_age > 0 else None,
        unmatched_preflights=UnmatchedPreflights.IGNORE,
    )
    return placed(converted, policy.origin)


def _origin(text: str) -> StringMatch:
    if text == "*":
        return StringMatch(regex=ANY_ORIGIN)
    if "*" not in text:
        return StringMatch(exact=text)
    if text.count("*") == 1 and text.endswith("*"):
        return StringMatch(prefix=text.removesuffix("*"))
    pattern = ".*".join(quoted(part) for part in text.split("*"))
    return StringMatch(regex=f"^{pattern}$")


def mirror_percentage(mirror: HTTPRequestMirrorFilter) -> Percent | None:
    """The share of requests that a mirror gets; None for all."""
    match mirror:
        case HTTPRequestMirrorFilter(fraction=Fraction() as fraction):
            return Percent(value=100 * fraction.numerator / fraction.denominator)
        case HTTPRequestMirrorFilter(percent=int(percent)):
            return Percent(value=percent)
        case _:
            return None
