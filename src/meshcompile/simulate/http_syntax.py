"""What Envoy's HTTP/1 codec and connection manager accept as a request at all."""

import re

from msgspec import Struct

from meshcompile.envoy.config.core import Http1ProtocolOptions
from meshcompile.simulate.requests import HttpRequest, Spoken
from meshcompile.words import words

METHODS = words(
    """
    ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MOVE MSEARCH NOTIFY
    OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK
    UNSUBSCRIBE
    """
)
PATH = re.compile(r"[/*][!-~]*", re.ASCII)
HOST_CHARACTERS = r"[A-Za-z0-9!$%&'()*+,\-.:;=@\[\]_~]*"
ABSOLUTE = re.compile(
    rf"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*)://(?P<host>{HOST_CHARACTERS})(?P<path>(?:[/?][!-~]*)?)", re.ASCII
)
AUTHORITY = re.compile(HOST_CHARACTERS, re.ASCII)
OF_HTTP1 = words("connection keep-alive proxy-connection transfer-encoding upgrade")
NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", re.ASCII)


class HttpTarget(Struct, frozen=True):
    """The scheme, host and path of an absolute URL as the target of a request; only a path for any other target."""

    path: str
    scheme: str = ""
    host: str = ""


class InvalidRequest(Struct, frozen=True):
    """The response to a request that no filter sees; the stream is reset if the status is 0.

    `sees_route` says whether a route can add headers to the response, and `path` with which path it is chosen; "" for
    that of the request.
    """

    status: int
    details: str
    sees_route: bool = False
    location: str = ""
    path: str = ""


def is_http1_line(request: HttpRequest) -> bool:
    """Whether the first line of the request is one of HTTP/1, as the HTTP inspector asks."""
    if request.method not in METHODS:
        return False
    if PATH.fullmatch(request.path):
        return True
    if request.method == "CONNECT":
        return AUTHORITY.fullmatch(request.path) is not None
    found = ABSOLUTE.fullmatch(request.path)
    return found is not None and "@@" not in found["host"]


def line_problem(request: HttpRequest, options: Http1ProtocolOptions) -> InvalidRequest | None:
    """Why the HTTP/1 codec refuses the first line of a request; None if it does not."""
    is_custom = options.allow_custom_methods and NAME.fullmatch(request.method) is not None
    return None if is_custom or is_http1_line(request) else InvalidRequest(400, "http1.codec_error")


def codec_problem(request: HttpRequest, spoken: Spoken) -> InvalidRequest | None:
    """Why the codec refuses a request; None if it does not."""
    if spoken is Spoken.HTTP2:
        return None if is_http2(request) else InvalidRequest(0, "http2.violation.of.messaging.rule")
    if not all(NAME.fullmatch(name) for name, _ in request.headers):
        return InvalidRequest(400, "http1.codec_error")
    encodings = [value.strip().lower() for name, value in request.headers if name.lower() == "transfer-encoding"]
    if encodings and encodings != ["chunked"]:
        return InvalidRequest(501, "http1.invalid_transfer_encoding")
    return _target_problem(request)


def is_http2(request: HttpRequest) -> bool:
    """Whether the request is valid in HTTP/2."""
    names = [name.lower() for name, _ in request.headers]
    if not request.authority or not is_authority(request.authority) or not set(names).isdisjoint(OF_HTTP1):
        return False
    if any(name == "te" and value.strip() != "trailers" for name, value in zip(names, _values(request), strict=True)):
        return False
    if request.method == "CONNECT" or (request.method, request.path) == ("OPTIONS", "*"):
        return True
    return re.fullmatch(r"/[!-~]*", request.path) is not None


def _values(request: HttpRequest) -> list[str]:
    return [value for _, value in request.headers]


def _target_problem(request: HttpRequest) -> InvalidRequest | None:
    if request.method == "CONNECT":
        return InvalidRequest(400, "http1.invalid_url") if request.path.startswith(("/", "*")) else None
    if request.path.startswith("*") and request.method != "OPTIONS":
        return InvalidRequest(400, "http1.invalid_url")
    found = ABSOLUTE.fullmatch(request.path)
    if found is None:
        return None
    if found["scheme"].lower() not in ("http", "https"):
        return InvalidRequest(400, "http1.invalid_scheme")
    _, _, port = found["host"].rpartition("@")[2].rpartition("]")[2].partition(":")
    if not found["host"] or (port and (not port.isdecimal() or int(port) > 65535)):
        return InvalidRequest(400, "http1.invalid_url")
    return None


def target(request: HttpRequest) -> HttpTarget:
    """The parts of the target. The user before an `@` is left out."""
    found = ABSOLUTE.fullmatch(request.path)
    if found is None:
        return HttpTarget(request.path)
    host = found["host"].rpartition("@")[2]
    return HttpTarget(found["path"] or "/", found["scheme"].lower(), host)


def is_authority(text: str) -> bool:
    """Whether the connection manager accepts a `:authority`."""
    return AUTHORITY.fullmatch(text) is not None
