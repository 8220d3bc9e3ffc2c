"""External authorization: what the HTTP and TCP filters share. Follows istiod's `authz/builder/extauthz.go`."""

from collections.abc import Mapping
from typing import get_args

from meshcompile.emit.provider_services import envoy_grpc
from meshcompile.emit.rbac import EFFECTIVE_POLICY, EXT_AUTHZ
from meshcompile.envoy.config.core import GrpcService
from meshcompile.envoy.type import HttpStatus, StatusCode
from meshcompile.envoy.type.matcher import MetadataMatcher, MetadataMatcherPathSegment, StringMatcher, ValueMatcher
from meshcompile.resolve.security.ext_authz import STATUSES, ExtAuthz

# The names are in the order of their numbers.
_STATUS_NAMES: Mapping[int, StatusCode] = dict(zip(sorted(STATUSES), get_args(StatusCode), strict=True))
# The suffix of rules that deny because no provider is available.
DENIED_SUFFIX = "-deny-due-to-bad-CUSTOM-action"


def where_matched(rbac_filter: str, prefix: str) -> MetadataMatcher:
    """Matches the metadata that the RBAC filter sets when a rule matches whose name begins with `prefix`."""
    return MetadataMatcher(
        filter=rbac_filter,
        path=(MetadataMatcherPathSegment(key=EXT_AUTHZ + EFFECTIVE_POLICY),),
        value=ValueMatcher(string_match=StringMatcher(prefix=prefix)),
    )


def grpc_service(provider: ExtAuthz) -> GrpcService:
    """The gRPC service of the provider."""
    return GrpcService(envoy_grpc=envoy_grpc(provider.service), timeout=provider.timeout.json)


def status(provider: ExtAuthz) -> HttpStatus | None:
    """The HTTP status when the provider is unavailable; None for Envoy's default."""
    return None if provider.status_on_error is None else HttpStatus(code=_STATUS_NAMES[provider.status_on_error])
