"""Field types that the kinds of the Gateway API share, with the limits of the API's schema."""

from typing import Annotated

from pydantic import BeforeValidator, Strict

from meshcompile.models.gateway_api.limits import Limits

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_URL_PATH = r"[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+"

Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""Text in a list. Go reads null as empty text there."""
Int = Annotated[int, Strict(), BeforeValidator(lambda value: 0 if value is None else value)]
"""A whole number. Go reads null as 0 in a list."""
Flag = Annotated[bool, Strict()]
Group = Annotated[str, Limits(most=253, pattern=rf"^$|^{_SUBDOMAIN}$")]
"""An API group; empty for Kubernetes' core."""
KindName = Annotated[str, Limits(1, 63, r"^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$")]
ObjectName = Annotated[str, Limits(1, 253)]
NamespaceName = Annotated[str, Limits(1, 63, rf"^{_LABEL}$")]
SectionName = Annotated[str, Limits(1, 253, rf"^{_SUBDOMAIN}$")]
"""The name of a listener, of a port of a Service, or of a rule."""
Hostname = Annotated[Text, Limits(1, 253, rf"^(\*\.)?{_SUBDOMAIN}$")]
"""A DNS name; `*.` in front matches every subdomain."""
PreciseHostname = Annotated[Text, Limits(1, 253, rf"^{_SUBDOMAIN}$")]
Port = Annotated[int, Strict(), Limits(1, 65535)]
Weight = Annotated[int, Strict(), Limits(0, 1_000_000)]
GatewayDuration = Annotated[str, Limits(pattern=r"^([0-9]{1,5}(h|m|s|ms)){1,4}$")]
"""A duration such as `1m30s` or `500ms`, of whole hours, minutes, seconds and milliseconds."""
HeaderName = Annotated[Text, Limits(1, 256, r"^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$")]
HeaderValue = Annotated[str, Limits(1, 4096, r"^[!-~]+([\t ]?[!-~]+)*$")]
ControllerName = Annotated[str, Limits(1, 253, rf"^{_SUBDOMAIN}\/{_URL_PATH}$")]
"""A domain and a path, such as `istio.io/gateway-controller`."""
AddressType = Annotated[str, Limits(1, 253, rf"^Hostname|IPAddress|NamedAddress|{_SUBDOMAIN}\/{_URL_PATH}$")]
Protocol = Annotated[str, Limits(1, 255, rf"^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|{_SUBDOMAIN}\/[A-Za-z0-9]+$")]
"""`HTTP`, `HTTPS`, `TLS`, `TCP`, `UDP`, Istio's `HBONE`, or one of another controller."""
