"""`envoy.filters.http.ext_authz`: calls a provider for the requests that CUSTOM policies match.

An RBAC filter before it only records which requests match.
"""

from meshcompile.emit.ext_authz import DENIED_SUFFIX, grpc_service, status, where_matched
from meshcompile.emit.filters.http import rbac as rbac_filter
from meshcompile.emit.rbac import EXT_AUTHZ, rbac
from meshcompile.envoy.config.core import HeaderValue, HttpUri
from meshcompile.envoy.extensions.filters.http.ext_authz import (
    AuthorizationRequest,
    AuthorizationResponse,
    BufferSettings,
    ExtAuthz,
    HttpService,
)
from meshcompile.envoy.extensions.filters.http.rbac import RBAC
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.envoy.type.matcher import ListStringMatcher, StringMatcher
from meshcompile.models.security.authorization_policy import AuthorizationPolicyAction as Action
from meshcompile.resolve.listeners.http_connection import HttpFilterInputs, HttpTraits
from meshcompile.resolve.security.authorization import CustomRules
from meshcompile.resolve.security.ext_authz import ExtAuthz as Provider
from meshcompile.resolve.security.ext_authz import HttpService as Service

NAME = "envoy.filters.http.ext_authz"


def filters(traits: HttpTraits, inputs: HttpFilterInputs) -> tuple[HttpFilter, ...]:
    return tuple(http_filter for rules in traits.authorization.http.custom for http_filter in _of_provider(rules))


def _of_provider(rules: CustomRules) -> tuple[HttpFilter, ...]:
    if rules.ext_authz is None:
        denied = RBAC(rules=rbac(Action.CUSTOM, rules.enforced, DENIED_SUFFIX))
        return (HttpFilter(name=rbac_filter.NAME, typed_config=denied),)
    noted = RBAC(
        rules=rbac(Action.CUSTOM, rules.dry_run) if rules.dry_run else None,
        shadow_rules=rbac(Action.CUSTOM, rules.enforced),
        shadow_rules_stat_prefix=EXT_AUTHZ,
    )
    return (
        HttpFilter(name=rbac_filter.NAME, typed_config=noted),
        HttpFilter(name=NAME, typed_config=_ext_authz(rules.ext_authz, rules.prefix)),
    )


def _ext_authz(provider: Provider, prefix: str) -> ExtAuthz:
    service = provider.http
    return ExtAuthz(
        grpc_service=grpc_service(provider) if service is None else None,
        http_service=None if service is None else _http_service(provider, service),
        transport_api_version="V3",
        failure_mode_allow=provider.fail_open,
        status_on_error=status(provider),
        with_request_body=_body(provider),
        allowed_headers=None if service is None else _headers(service.check_headers),
        filter_enabled_metadata=where_matched(rbac_filter.NAME, prefix),
    )


def _body(provider: Provider) -> BufferSettings | None:
    if provider.body is None:
        return None
    return BufferSettings(
        max_request_bytes=provider.body.max_request_bytes,
        allow_partial_message=provider.body.allow_partial_message,
        pack_as_bytes=provider.body.pack_as_bytes,
    )


def _http_service(provider: Provider, service: Service) -> HttpService:
    added = tuple(HeaderValue(key=name, value=value) for name, value in service.added_headers)
    return HttpService(
        server_uri=HttpUri(
            uri=f"http://{provider.service.hostname}",
            cluster=provider.service.cluster,
            timeout=provider.timeout.json,
        ),
        path_prefix=service.path_prefix,
        authorization_request=AuthorizationRequest(headers_to_add=added) if added else None,
        authorization_response=_response(service),
    )


def _response(service: Service) -> AuthorizationResponse | None:
    if not (service.upstream_headers or service.denied_headers or service.allowed_headers):
        return None
    return AuthorizationResponse(
        allowed_upstream_headers=_headers(service.upstream_headers),
        allowed_client_headers=_headers(service.denied_headers),
        allowed_client_headers_on_success=_headers(service.allowed_headers),
    )


def _headers(names: tuple[str, ...]) -> ListStringMatcher | None:
    return ListStringMatcher(patterns=tuple(_header(name) for name in names)) if names else None


def _header(name: str) -> StringMatcher:
    if name.startswith("*"):
        return StringMatcher(suffix=name.removeprefix("*"), ignore_case=True)
    if name.endswith("*"):
        return StringMatcher(prefix=name.removesuffix("*"), ignore_case=True)
    return StringMatcher(exact=name, ignore_case=True)
