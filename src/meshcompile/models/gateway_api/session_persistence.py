"""Session persistence of the Gateway API, which istiod does not support."""

from typing import Annotated

from meshcompile.models.gateway_api.base import GatewayApiNode
from meshcompile.models.gateway_api.limits import Limits, choice
from meshcompile.models.gateway_api.scalars import GatewayDuration


class CookieConfig(GatewayApiNode):
    """The cookie that holds a session."""

    lifetime_type: Annotated[str, choice("Permanent", "Session")] = "Session"
    """Whether the cookie outlives the browser's session."""


class SessionPersistence(GatewayApiNode):
    """Requests of one session go to the same backend; istiod does not support it."""

    session_name: Annotated[str, Limits(most=128)] | None = None
    """Name of the cookie or header."""
    absolute_timeout: GatewayDuration | None = None
    """Lifetime of a session."""
    idle_timeout: GatewayDuration | None = None
    """Time without requests after which a session ends."""
    type: Annotated[str, choice("Cookie", "Header")] = "Cookie"
    """What identifies a session."""
    cookie_config: CookieConfig | None = None
    """Settings of the cookie."""
