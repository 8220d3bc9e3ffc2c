"""The proxy config of one proxy. Follows istiod's `NodeMetadata.ProxyConfigOrDefault`."""

from collections.abc import Iterator, Mapping
from typing import Any

from meshcompile.codes.models import ONE_MEMBER
from meshcompile.codes.proxies import UNREADABLE_METADATA
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document
from meshcompile.models.lenient import read_leniently
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.mesh.proxy_config import ProxyConfig
from meshcompile.node_metadata import PROXY_CONFIG
from meshcompile.proxy import Proxy


def proxy_config(mesh: MeshConfig, proxy: Proxy) -> ProxyConfig:
    """The config that the proxy reports, which replaces the mesh's default config as a whole, or that default."""
    reported = proxy.node_metadata.proxy_config
    known = None if reported is None else _read(reported)[0]
    return known or mesh.default_config or ProxyConfig()


def proxy_config_findings(proxy: Proxy) -> Iterator[Diagnostic]:
    """Findings about the config that the proxy reports."""
    reported = proxy.node_metadata.proxy_config
    config, findings = (None, ()) if reported is None else _read(reported)
    if config is not None:
        yield from (finding for finding in findings if finding.code == ONE_MEMBER.id)
    elif findings:
        expected = f"a ProxyConfig ({findings[0].message})"
        yield UNREADABLE_METADATA(findings[0].origin, proxy=proxy.id, key=PROXY_CONFIG, expected=expected)


def _read(reported: Mapping[str, Any]) -> tuple[ProxyConfig | None, tuple[Diagnostic, ...]]:
    return read_leniently(Document("<node metadata>", reported), ProxyConfig)
