"""Rules of ProxyConfigs: istiod's `ValidateProxyConfig`. The schema rejects a negative concurrency."""

from meshcompile.models.networking.proxy_config import ProxyConfig
from meshcompile.validate.checks import Found, selector


def violations(config: ProxyConfig) -> Found:
    """Findings about a ProxyConfig."""
    yield from selector(config.spec.selector)
