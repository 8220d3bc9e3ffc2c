"""Rules of ProxyConfigs: istiod's `ValidateProxyConfig`. The schema refuses a negative concurrency."""

from meshcompile.models.networking.proxy_config import ProxyConfig
from meshcompile.validate.checks import Found, selector


def violations(config: ProxyConfig) -> Found:
    """What is wrong with a ProxyConfig."""
    yield from selector(config.spec.selector)
