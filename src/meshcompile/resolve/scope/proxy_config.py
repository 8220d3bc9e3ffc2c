"""The proxy config of one proxy. Follows istiod's `NodeMetadata.ProxyConfigOrDefault`."""

from meshcompile.documents import Document
from meshcompile.models.lenient import read_leniently
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.mesh.proxy_config import ProxyConfig
from meshcompile.proxy import Proxy


def proxy_config(mesh: MeshConfig, proxy: Proxy) -> ProxyConfig:
    """The config that the proxy reports, which replaces the mesh's default config as a whole, or that default."""
    reported = proxy.node_metadata.proxy_config
    known = None if reported is None else read_leniently(Document("<node metadata>", reported), ProxyConfig)[0]
    return known or mesh.default_config or ProxyConfig()
