"""Paths and authorities that routes rewrite, and the locations of redirects."""

import re

from meshcompile.envoy.config.route import (
    RedirectAction,
    RouteAction,
    RouteMatch,
)
from meshcompile.envoy.extensions.path.match.uri_template import UriTemplateMatchConfig
from meshcompile.envoy.extensions.path.rewrite.uri_template import UriTemplateRewriteConfig
from meshcompile.envoy.type.matcher import RegexMatchAndSubstitute
from meshcompile.simulate.header_map import HeaderMap
from meshcompile.simulate.streams import HttpStream
from meshcompile.simulate.string_match import regex
from meshcompile.simulate.uri_template import template_expression

REFERENCE = re.compile(r"\\(\\|\d)")


def substituted(rewrite: RegexMatchAndSubstitute, text: str) -> str:
    """The text with every match replaced (`RE2::GlobalReplace`).

    An empty match directly after another match is no match. Expressions that Envoy refuses change nothing.
    """
    pattern = regex(rewrite.pattern)
    if pattern is None:
        return text
    out: list[str] = []
    at, last = 0, -1
    while at <= len(text) and (found := pattern.search(text, at)):
        out.append(text[at : found.start()])
        if found.start() == found.end() == last:
            out.append(text[found.end() : found.end() + 1])
            at = found.end() + 1
            continue
        out.append(_replacement(rewrite.substitution, found))
        at = last = found.end()
    return "".join((*out, text[at:]))


def _replacement(template: str, found: re.Match[str]) -> str:
    return REFERENCE.sub(lambda r: "\\" if r[1] == "\\" else (found[int(r[1])] or ""), template)


def rewritten_path(action: RouteAction, match: RouteMatch, stream: HttpStream) -> str | None:
    """The new path with its query; None if the route does not rewrite it."""
    bare, mark, query = stream.path.partition("?")
    if action.prefix_rewrite:
        return action.prefix_rewrite + stream.path[matched_length(match, bare) :]
    if action.regex_rewrite is not None:
        return substituted(action.regex_rewrite, bare) + mark + query
    if action.path_rewrite_policy is not None and match.path_match_policy is not None:
        rewrite, wanted = action.path_rewrite_policy.typed_config, match.path_match_policy.typed_config
        if isinstance(rewrite, UriTemplateRewriteConfig) and isinstance(wanted, UriTemplateMatchConfig):
            found = template_expression(wanted.path_template).fullmatch(bare)
            named = found.groupdict() if found else {}
            return re.sub(r"\{(\w+)\}", lambda f: named.get(f[1], f[0]), rewrite.path_template_rewrite) + mark + query
    return None


def matched_length(match: RouteMatch, bare: str) -> int:
    """How much of the path a prefix rewrite replaces: the prefix, or the whole path."""
    match match:
        case RouteMatch(prefix=str(prefix)) | RouteMatch(path_separated_prefix=str(prefix)):
            return len(prefix)
        case _:
            return len(bare)


def rewritten_authority(action: RouteAction, stream: HttpStream) -> str | None:
    """The new `:authority`; None if the route does not rewrite it, or if the endpoint decides."""
    match action:
        case RouteAction(host_rewrite_literal=str(literal)) if literal:
            return literal
        case RouteAction(host_rewrite_header=str(header)) if header:
            return stream.headers.first(header) or None
        case RouteAction(host_rewrite_path_regex=RegexMatchAndSubstitute() as rewrite):
            return substituted(rewrite, stream.path.partition("?")[0])
        case _:
            return None


def with_rewrites(action: RouteAction, match: RouteMatch, stream: HttpStream) -> HeaderMap:
    """The headers of the request after the route's rewrites. Envoy keeps what it replaces in headers of its own."""
    headers = stream.headers
    if (authority := rewritten_authority(action, stream)) is not None:
        forwarded = [("x-forwarded-host", stream.authority)] if action.append_x_forwarded_host else []
        kept = (("x-envoy-original-host", stream.authority), (":authority", authority))
        headers = headers.with_added(forwarded).with_set(kept)
    if (path := rewritten_path(action, match, stream)) is not None:
        headers = headers.with_set(((":path", path), ("x-envoy-original-path", stream.path)))
    return headers


def location(redirect: RedirectAction, match: RouteMatch, stream: HttpStream) -> str:
    """The `location` of a redirect."""
    request_scheme = stream.headers.first(":scheme")
    scheme = redirect.scheme_redirect or ("https" if redirect.https_redirect else request_scheme)
    port = f":{redirect.port_redirect}" if redirect.port_redirect else ""
    host = redirect.host_redirect or _request_host(stream, scheme, port)
    return f"{scheme}://{host}{port}{_redirected_path(redirect, match, stream)}"


def https_location(stream: HttpStream) -> str:
    """The location of a virtual host that requires TLS."""
    return f"https://{stream.authority}{stream.path}"


def _request_host(stream: HttpStream, scheme: str, port: str) -> str:
    """The host of the request, without its port if that is replaced or is the default of the scheme that changes."""
    authority = stream.authority
    at = authority.rfind(":")
    if at < 0 or authority.rfind("]") > at:
        return authority
    protocol = stream.headers.first("x-forwarded-proto")
    default = {"https": ":443", "http": ":80"}.get(protocol)
    removed = bool(port) or (scheme != protocol and authority[at:] == default)
    return authority[:at] if removed else authority


def _redirected_path(redirect: RedirectAction, match: RouteMatch, stream: HttpStream) -> str:
    bare, mark, query = stream.path.partition("?")
    match redirect:
        case RedirectAction(path_redirect=str(path)) if path:
            if "?" in path:
                return path
            bare = path
        case RedirectAction(prefix_rewrite=str(prefix)) if prefix:
            bare = prefix + bare[matched_length(match, bare) :]
        case RedirectAction(regex_rewrite=RegexMatchAndSubstitute() as rewrite):
            bare = substituted(rewrite, bare)
        case _:
            pass
    return bare if redirect.strip_query else bare + mark + query
