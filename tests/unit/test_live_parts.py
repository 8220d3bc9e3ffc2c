"""Resources of a running proxy that istiod does not send: the static resources of its bootstrap, and its secrets."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from meshcompile.emit.resources import Resources
from meshcompile.output.credentials import Credential
from meshcompile.output.live_bootstrap import bootstrap_summary, live_bootstrap
from meshcompile.output.live_parts import static_resources, with_live_parts
from meshcompile.output.secrets import sds_secrets, secret_dump, secret_table
from meshcompile.output.tables import endpoints, listener_table
from meshcompile.proxy import Proxy
from tests.meshes import sidecar
from tests.resources import resources

x509 = pytest.importorskip("cryptography.x509")
HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
UPSTREAM = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_listeners_of_the_bootstrap() -> None:
    """A proxy has listeners for health checks on 15021 and for metrics on 15090, as in istioctl's output."""
    assert listener_table(static_resources(sidecar()).listeners) == (
        "ADDRESSES PORT  MATCH DESTINATION\n"
        "0.0.0.0   15021 ALL   Inline Route: /healthz/ready*\n"
        "0.0.0.0   15090 ALL   Inline Route: /stats/prometheus*\n"
    )


def test_clusters_of_the_bootstrap() -> None:
    """A proxy has clusters for its agent, itself, and the sources of its configuration and certificates."""
    clusters = static_resources(sidecar()).clusters
    assert [(each.cluster, str(each)) for each in endpoints(clusters, ())] == [
        ("prometheus_stats", "127.0.0.1:15000"),
        ("agent", "127.0.0.1:15020"),
        ("sds-grpc", "unix://./var/run/secrets/workload-spiffe-uds/socket"),
        ("xds-grpc", "unix://./etc/istio/proxy/XDS"),
    ]


def test_metadata_moves_the_ports() -> None:
    """Ports, the path of the configuration and the tracer come from the proxy's metadata."""
    config = {
        "proxyAdminPort": 16000,
        "statusPort": 16020,
        "configPath": "/etc/x",
        "tracing": {"zipkin": {"address": "zipkin.ops:9411"}},
    }
    proxy = sidecar(ENVOY_STATUS_PORT="16021", ENVOY_PROMETHEUS_PORT="16090", PROXY_CONFIG=config)
    own = static_resources(proxy)
    assert [listener.name for listener in own.listeners] == ["0.0.0.0_16090", "0.0.0.0_16021"]
    found = {each.cluster: str(each) for each in endpoints(own.clusters, ())}
    assert found["prometheus_stats"] == "127.0.0.1:16000"
    assert found["agent"] == "127.0.0.1:16020"
    assert found["xds-grpc"] == "unix:///etc/x/XDS"
    assert found["zipkin"] == "zipkin.ops:9411"


def test_ipv6() -> None:
    """A proxy with only IPv6 addresses listens on `::`."""
    given = sidecar()
    proxy = Proxy(type=given.type, id=given.id, namespace="shop", ip_addresses=("fd00::1",), domain=given.domain)
    assert [listener.name for listener in static_resources(proxy).listeners] == ["::_15090", "::_15021"]


def test_routes_that_listeners_hold() -> None:
    """The routes include each connection manager's inline routes. Those of the bootstrap have no name."""
    manager = {"name": "m", "typedConfig": {"@type": HCM, "routeConfig": {"name": "inbound|8080||"}}}
    chains = [{"filters": [manager]}, {"filters": [manager]}]
    live = with_live_parts(resources(listeners=[{"name": "virtualInbound", "filterChains": chains}]), sidecar())
    assert [route.name for route in live.routes] == ["inbound|8080||", "inbound|8080||", "", ""]


def test_the_bootstrap() -> None:
    """The bootstrap has the proxy's node, and the sources of its resources."""
    bootstrap = live_bootstrap(sidecar(ISTIO_VERSION="1.30.3"))["bootstrap"]
    assert bootstrap["node"]["id"] == "sidecar~10.1.0.1~client.shop~shop.svc.cluster.local"
    assert bootstrap["dynamicResources"]["adsConfig"]["grpcServices"] == [{"envoyGrpc": {"clusterName": "xds-grpc"}}]
    assert bootstrap_summary(sidecar(ISTIO_VERSION="1.30.3")) == "Istio Version: 1.30.3\n"


def certificate(authority: bool = False) -> str:
    """A certificate of the year around NOW, in PEM."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(255)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem: bytes = made.public_bytes(serialization.Encoding.PEM)
    return pem.decode()


def asking(*names: str) -> Resources:
    """A listener with a filter that fetches these secrets, and whose configuration has no generated class."""
    secrets = [{"name": name, "sdsConfig": {}} for name in names]
    config = {"@type": "type.googleapis.com/envoy.extensions.filters.http.oauth2.v3.OAuth2", "credentials": secrets}
    return resources(listeners=[{"filterChains": [{"filters": [{"name": "o", "typedConfig": config}]}]}])


def test_secrets_of_tls() -> None:
    """Certificates and CA certificates of listeners and clusters are listed once, regardless of the context."""
    common = {
        "tlsCertificateSdsSecretConfigs": [{"name": "default", "sdsConfig": {"ads": {}}}],
        "validationContextSdsSecretConfig": {"name": "ROOTCA", "sdsConfig": {"ads": {}}},
    }
    socket = {"name": "tls", "typedConfig": {"@type": UPSTREAM, "commonTlsContext": common}}
    clusters = [{"name": "a", "transportSocket": socket}, {"name": "b", "transportSocket": socket}]
    assert [secret.name for secret in sds_secrets(resources(clusters=clusters), {}, "edge")] == ["default", "ROOTCA"]


def test_secrets_with_their_certificates() -> None:
    """Details of a certificate are shown. The workload's own certificate is unknown before it runs."""
    asked = asking("kubernetes://shop", "ROOTCA", "default", "kubernetes://no")
    secrets = sds_secrets(asked, {"edge/shop": Credential(certificate())}, "edge")
    header, *rows = (line.split() for line in secret_table(secrets, NOW).splitlines())
    assert header[:4] == ["RESOURCE", "NAME", "TYPE", "STATUS"]
    assert rows == [
        ["default", "Cert", "Chain", "ACTIVE"],
        ["ROOTCA", "CA", "ACTIVE"],
        ["kubernetes://no", "ACTIVE"],
        ["kubernetes://shop", "Cert", "Chain", "ACTIVE", "true", f"{255:032x}", "2026-01-02T00:00:00Z",
         "2025-12-31T00:00:00Z"],
    ]  # fmt: skip
    expired = secret_table(secrets, NOW + timedelta(days=2)).splitlines()[-1].split()
    assert expired[4] == "false"


def test_authorities() -> None:
    """The CA certificates of `NAME-cacert` are in a Secret with that name, else in that of the certificate."""
    authorities = certificate(authority=True)
    credential = Credential(certificate(), "key", authorities)
    for key in ("edge/shop", "edge/shop-cacert"):
        (secret,) = sds_secrets(asking("kubernetes://shop-cacert"), {key: credential}, "edge")
        assert secret.pem == authorities
        assert secret_table([secret], NOW).splitlines()[-1].split()[1:3] == ["CA", "ACTIVE"]


def test_what_is_no_certificate_is_not_read() -> None:
    """A Secret with an invalid certificate is a row without details."""
    (secret,) = sds_secrets(asking("kubernetes://shop"), {"edge/shop": Credential("nonsense")}, "edge")
    assert secret_table([secret], NOW).splitlines()[-1].split() == ["kubernetes://shop", "ACTIVE"]


def test_no_secrets() -> None:
    """For a proxy without secrets, istioctl's sentence is printed."""
    assert secret_table((), NOW) == "No active or warming secrets found.\n"


def test_private_keys_are_never_dumped() -> None:
    """The dump has the certificate, and Envoy's placeholder instead of the key."""
    (secret,) = sds_secrets(asking("kubernetes://s"), {"edge/s": Credential("cert", "PRIVATE")}, "edge")
    dump = secret_dump([secret])
    key = dump["dynamicActiveSecrets"][0]["secret"]["tlsCertificate"]["privateKey"]
    assert key == {"inlineBytes": b64encode(b"[redacted]").decode()}
    assert "PRIVATE" not in str(dump)
