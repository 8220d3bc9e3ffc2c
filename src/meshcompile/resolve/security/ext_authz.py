"""External authorization: the providers of CUSTOM policies. Follows istiod's `authz/builder/extauthz.go`."""

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from meshcompile.models.mesh.extension_providers import (
    EnvoyExternalAuthorizationGrpcProvider,
    EnvoyExternalAuthorizationHttpProvider,
    EnvoyExternalAuthorizationRequestBody,
    ExtensionProvider,
)
from meshcompile.queries import query
from meshcompile.resolve.security.providers import ProviderService, provider_service
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.durations import Duration

DEFAULT_TIMEOUT = Duration.of_seconds(600)
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_BAD_URL = re.compile(r"%(?![0-9A-Fa-f]{2})|[\x00-\x1f\x7f]")
# The HTTP status codes that Envoy defines.
STATUSES = frozenset(
    {0, 100, *range(200, 209), 226, 300, 301, 302, 303, 304, 305, 307, 308, *range(400, 418), 421, 422, 423, 424, 426}
    | {428, 429, 431, *range(500, 509), 510, 511}
)


class HttpService(Struct, frozen=True):
    """An authorization service that is called over HTTP. Header names may start or end with `*`."""

    path_prefix: str
    check_headers: tuple[str, ...]
    added_headers: tuple[tuple[str, str], ...]
    upstream_headers: tuple[str, ...]
    denied_headers: tuple[str, ...]
    allowed_headers: tuple[str, ...]


class ExtAuthz(Struct, frozen=True):
    """A provider of external authorization.

    `http` is None for a gRPC provider, which also supports TCP.
    """

    name: str
    service: ProviderService
    timeout: Duration
    fail_open: bool
    status_on_error: int | None
    body: EnvoyExternalAuthorizationRequestBody | None
    http: HttpService | None


@query
def ext_authz_providers(snapshot: Snapshot, key: None) -> Mapping[str, ExtAuthz | str]:
    """The providers of the mesh by name; a problem instead of a provider that is invalid."""
    return dict(_providers(snapshot))


def _providers(snapshot: Snapshot) -> Iterator[tuple[str, ExtAuthz | str]]:
    seen: set[str] = set()
    for provider in snapshot.mesh.extension_providers:
        settings = provider.envoy_ext_authz_http or provider.envoy_ext_authz_grpc
        if settings is None:
            continue
        service = provider_service(snapshot.services, settings.service, settings.port)
        checks_name = snapshot.behaviour.custom_provider_names
        problem = next(_problems(provider, settings, duplicate=provider.name in seen, checks_name=checks_name), "")
        seen.add(provider.name)
        if service is None:
            problem = problem or f"has a service, {settings.service}, that is not in the mesh or in several namespaces"
        yield provider.name, problem if problem or service is None else _provider(provider, settings, service)


Settings = EnvoyExternalAuthorizationHttpProvider | EnvoyExternalAuthorizationGrpcProvider


def _provider(provider: ExtensionProvider, settings: Settings, service: ProviderService) -> ExtAuthz:
    return ExtAuthz(
        name=provider.name,
        service=service,
        timeout=DEFAULT_TIMEOUT if settings.timeout is None else settings.timeout,
        fail_open=settings.fail_open,
        status_on_error=int(settings.status_on_error) if settings.status_on_error else None,
        body=settings.include_request_body_in_check,
        http=_http_service(settings) if isinstance(settings, EnvoyExternalAuthorizationHttpProvider) else None,
    )


def _http_service(settings: EnvoyExternalAuthorizationHttpProvider) -> HttpService:
    return HttpService(
        path_prefix=settings.path_prefix,
        check_headers=settings.include_request_headers_in_check or settings.include_headers_in_check,
        added_headers=tuple(sorted(settings.include_additional_headers_in_check.items())),
        upstream_headers=settings.headers_to_upstream_on_allow,
        denied_headers=settings.headers_to_downstream_on_deny,
        allowed_headers=settings.headers_to_downstream_on_allow,
    )


def _problems(provider: ExtensionProvider, settings: Settings, *, duplicate: bool, checks_name: bool) -> Iterator[str]:
    if duplicate:
        yield "is defined twice"
    if checks_name and not _NAME.fullmatch(provider.name):
        yield "has a name with other characters than lower case letters, digits and hyphens, or a too long one"
    if not 1 <= settings.port <= 65535:
        yield f"has no valid port ({settings.port})"
    if settings.status_on_error and not _is_status(settings.status_on_error):
        yield f"has an unknown statusOnError ({settings.status_on_error})"
    if isinstance(settings, EnvoyExternalAuthorizationHttpProvider):
        yield from _http_problems(settings)


def _is_status(text: str) -> bool:
    return text.removeprefix("+").isdecimal() and int(text) in STATUSES


def _http_problems(settings: EnvoyExternalAuthorizationHttpProvider) -> Iterator[str]:
    if settings.path_prefix and (not settings.path_prefix.startswith("/") or _BAD_URL.search(settings.path_prefix)):
        yield "has a pathPrefix that does not begin with /, or is no URL"
    if "*" in set(_all_headers(settings)):
        yield 'has "*" as the name of a header'


def _all_headers(settings: EnvoyExternalAuthorizationHttpProvider) -> Iterable[str]:
    yield from settings.include_request_headers_in_check
    yield from settings.include_headers_in_check
    yield from settings.headers_to_downstream_on_deny
    yield from settings.headers_to_downstream_on_allow
    yield from settings.headers_to_upstream_on_allow
