"""The ProxyConfig in force for one proxy."""

from pydantic import ValidationError

from meshcompile.models.mesh.proxy_config import ProxyConfig
from meshcompile.proxy import Proxy
from meshcompile.snapshot.snapshot import Snapshot


def proxy_config(snapshot: Snapshot, proxy: Proxy) -> ProxyConfig:
    """What the proxy itself reports, which replaces the mesh's default config as a whole."""
    reported = proxy.metadata.get("PROXY_CONFIG")
    if reported is None:
        return snapshot.mesh.default_config or ProxyConfig()
    try:
        return ProxyConfig.model_validate(reported)
    except ValidationError:
        return snapshot.mesh.default_config or ProxyConfig()
