"""Witnesses as requests that can be sent."""

from collections.abc import Iterator

from meshcompile.simulate import HttpRequest
from meshcompile.spaces import Request


def http_request(witness: Request, authority: str) -> HttpRequest:
    """The request that a witness describes, to a host.

    Dimensions that the witness does not have get values that no condition asks for: the path `/`, the method GET, and
    no headers. `chance:N` has no part in a request. The scheme HTTPS is what a proxy in front says in a header, unless
    the witness has that header.
    """
    query = "&".join(_parameters(witness))
    path = str(witness.get("path", "/"))
    return HttpRequest(
        method="CONNECT" if witness.get("connect") else str(witness.get("method", "GET")),
        authority=str(witness.get("authority", authority)),
        path=f"{path}?{query}" if query else path,
        headers=tuple(_headers(witness)),
    )


FORWARDED_PROTO = "x-forwarded-proto"
"""The header from which Envoy takes the scheme of a request in plain text."""


def _headers(witness: Request) -> Iterator[tuple[str, str]]:
    if witness.get("scheme") == "https" and witness.get(f"header:{FORWARDED_PROTO}") is None:
        yield FORWARDED_PROTO, "https"
    for name, value in sorted(witness.items()):
        if name.startswith("header:") and value is not None:
            yield name.removeprefix("header:"), value


def _parameters(witness: Request) -> Iterator[str]:
    for name, value in sorted(witness.items()):
        if name.startswith("query:") and value is not None:
            parameter = name.removeprefix("query:")
            yield f"{parameter}={value}" if value else parameter
