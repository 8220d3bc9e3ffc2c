"""The options of static bootstraps: addresses, certificates, and the configuration around the resources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import meshcompile
from meshcompile.output.bootstrap import Bootstrap, Credential, Options, Passthrough, Resolve
from meshcompile.output.bootstrap.addresses import AddressMap
from tests.unit.test_bootstrap import DOWNSTREAM, MUTUAL, STATS, cluster, listener, made, manager, secret

CRYPTOMB = "type.googleapis.com/envoy.extensions.private_key_providers.cryptomb"
FACTORY = {
    "name": "state",
    "typedConfig": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config",
        "onRequestHeaders": [{"objectKey": "k", "factoryKey": "istio.hashable_string"}],
    },
}


def slugs(bootstrap: Bootstrap) -> list[str]:
    return [finding.slug for finding in bootstrap.diagnostics]


def tls(*names: str) -> dict[str, Any]:
    common = {"tlsCertificateSdsSecretConfigs": [secret(name) for name in names]}
    return {"name": "tls", "typedConfig": {"@type": DOWNSTREAM, "commonTlsContext": common}}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ({"10.0.0.1:80": "127.0.0.1:1"}, ("127.0.0.1", 1)),
        ({"10.0.0.1": "127.0.0.2"}, ("127.0.0.2", 80)),
        ({"web": "[::1]:7"}, ("::1", 7)),
        ({"10.0.0.1": "db.example:9", "10.0.0.1:80": "127.0.0.3:3"}, ("127.0.0.3", 3)),
        ({"10.0.0.2": "127.0.0.1:1"}, None),
    ],
)
def test_address_maps(entries: dict[str, str], expected: tuple[str, int] | None) -> None:
    """A name is looked up before an address with its port, and that before the address alone."""
    moved = AddressMap(entries).moved("10.0.0.1", 80, "web")
    assert (None if moved is None else (moved.address, moved.port_value)) == expected


def test_listeners_are_moved() -> None:
    """A listener is bound where the options say, at all of its addresses."""
    address = {"socketAddress": {"address": "0.0.0.0", "portValue": 80}}
    moved = made(
        Options(listeners=AddressMap({"0.0.0.0": "127.0.0.1"})),
        listeners=[{**listener(), "address": address, "additionalAddresses": [{"address": address}]}],
    )
    (only,) = moved.to_dict()["staticResources"]["listeners"]
    there = {"socketAddress": {"address": "127.0.0.1", "portValue": 80}}
    assert (only["address"], only["additionalAddresses"]) == (there, [{"address": there}])


def test_names_of_workloads() -> None:
    """With DNS, endpoints have the names of their workloads, once each; other endpoints keep their addresses."""

    def endpoint(address: str, workload: str) -> dict[str, Any]:
        metadata = {"filterMetadata": {"istio": {"workload": f"{workload};shop;web;;"}}} if workload else {}
        place = {"endpoint": {"address": {"socketAddress": {"address": address, "portValue": 80}}}}
        return {**place, "metadata": metadata} if workload else place

    hosts = [endpoint("10.0.0.1", "web-v1"), endpoint("10.0.0.2", "web-v1"), endpoint("10.0.0.3", "")]
    found = cluster(
        made(
            Options(resolve=Resolve.DNS),
            clusters=[{"name": "a", "type": "EDS"}],
            endpoints=[{"clusterName": "a", "endpoints": [{"lbEndpoints": hosts}]}],
        )
    )
    names = [
        host["endpoint"]["address"]["socketAddress"]["address"]
        for host in found["loadAssignment"]["endpoints"][0]["lbEndpoints"]
    ]
    assert (found["type"], names) == ("STRICT_DNS", ["web-v1", "10.0.0.3"])


PASSING = {
    "name": "passing",
    "virtualHosts": [
        {
            "name": "any",
            "domains": ["*"],
            "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "PassthroughCluster"}}],
        }
    ],
}


@pytest.mark.parametrize(("kind", "filters"), [(Passthrough.BLOCK, 1), (Passthrough.DFP, 2)])
def test_passthrough(kind: Passthrough, filters: int) -> None:
    """PassthroughCluster has no endpoints, or resolves the hosts of requests with a filter before the router."""
    bootstrap = made(
        Options(passthrough=kind),
        listeners=[listener()],
        routes=[{**PASSING, "name": "80"}],
        clusters=[{"name": "PassthroughCluster", "type": "ORIGINAL_DST", "lbPolicy": "CLUSTER_PROVIDED"}],
    )
    assert len(manager(bootstrap)["httpFilters"]) == filters
    assert cluster(bootstrap).get("type") == ("STATIC" if kind is Passthrough.BLOCK else None)
    assert slugs(bootstrap) == ["passthrough-replaced"]


def test_plaintext_in_place_of_mutual_tls() -> None:
    """With plaintext, a filter chain of the mesh serves without TLS, once if another one is for the same port."""
    chains = [
        {**listener()["filterChains"][0], "filterChainMatch": match, "transportSocket": tls("default")}
        for match in (
            {"destinationPort": 80, "transportProtocol": "tls", "applicationProtocols": ["istio"]},
            {"destinationPort": 80, "transportProtocol": "tls"},
        )
    ]
    bootstrap = made(Options(plaintext=True), listeners=[{"name": "web", "filterChains": chains}])
    (only,) = bootstrap.to_dict()["staticResources"]["listeners"]
    (chain,) = only["filterChains"]
    assert chain["filterChainMatch"] == {"destinationPort": 80, "transportProtocol": "raw_buffer"}
    assert "transportSocket" not in chain
    assert "served-in-plaintext" in slugs(bootstrap)


def test_a_port_that_accepts_both_stays_as_it_is() -> None:
    """With plaintext, the plaintext filter chain of a port replaces the one for mutual TLS."""
    plain = {
        **listener()["filterChains"][0],
        "filterChainMatch": {"destinationPort": 80, "transportProtocol": "raw_buffer"},
    }
    mutual = {
        **listener()["filterChains"][0],
        "filterChainMatch": {"destinationPort": 80, "transportProtocol": "tls"},
        "transportSocket": tls("default"),
    }
    bootstrap = made(Options(plaintext=True), listeners=[{"name": "web", "filterChains": [mutual, plain]}])
    (only,) = bootstrap.to_dict()["staticResources"]["listeners"]
    assert [chain["filterChainMatch"] for chain in only["filterChains"]] == [plain["filterChainMatch"]]


def test_secrets_in_files() -> None:
    """With a folder for SDS, contexts name a file for each secret, and the bootstrap has the content of the files."""
    credential = Credential("/c.pem", "/k.pem", in_files=True)
    options = Options(namespace="shop", credentials={"shop/web": credential}, sds_folder="/sds")
    bootstrap = made(options, listeners=[listener(transportSocket=tls("kubernetes://web"))])
    (only,) = bootstrap.to_dict()["staticResources"]["listeners"]
    common = only["filterChains"][0]["transportSocket"]["typedConfig"]["commonTlsContext"]
    path = "/sds/kubernetes%3A%2F%2Fweb.json"
    source = {"pathConfigSource": {"path": path}, "resourceApiVersion": "V3"}
    assert common == {"tlsCertificateSdsSecretConfigs": [{"name": "kubernetes://web", "sdsConfig": source}]}
    ((name, content),) = bootstrap.sds_files().items()
    assert f"/sds/{name}" == path
    assert content["resources"][0]["tlsCertificate"]["privateKey"] == {"filename": "/k.pem"}


def test_a_broken_certificate_is_reported_with_its_place() -> None:
    """A certificate that is not PEM is reported, and its filter chain is omitted."""
    options = Options(namespace="shop", credentials={"shop/web": Credential("no PEM", "no PEM")})
    bootstrap = made(options, listeners=[listener(transportSocket=tls("kubernetes://web"))])
    assert slugs(bootstrap) == ["unreadable-pem", "served-without-certificate"]


def test_stand_ins() -> None:
    """A stand-in takes the place of a missing secret, and is reported."""
    options = Options(stand_in=Credential("C", "K", "A"))
    bootstrap = made(options, clusters=[{"name": "a", "transportSocket": MUTUAL}])
    context = cluster(bootstrap)["transportSocket"]["typedConfig"]["commonTlsContext"]
    assert context["validationContext"] == {"trustedCa": {"inlineString": "A"}}
    assert slugs(bootstrap) == ["stands-in", "stands-in"]


def test_rewrites_for_upstream() -> None:
    """Istio's factory gets its name in upstream Envoy, and the change is reported; Istio's build keeps it."""
    bootstrap = made(listeners=[listener(FACTORY)])
    assert manager(bootstrap)["httpFilters"][0]["typedConfig"]["onRequestHeaders"] == [
        {"objectKey": "k", "factoryKey": "envoy.hashable_string"}
    ]
    assert slugs(bootstrap) == ["renamed-factory"]


def test_keys_of_hardware() -> None:
    """A certificate whose key a provider reads gets the key itself."""
    provider = {
        "providerName": "cryptomb",
        "typedConfig": {
            "@type": f"{CRYPTOMB}.v3alpha.CryptoMbPrivateKeyMethodConfig",
            "privateKey": {"filename": "/k.pem"},
        },
    }
    certificate = {"certificateChain": {"filename": "/c.pem"}, "privateKeyProvider": provider}
    context = {"@type": DOWNSTREAM, "commonTlsContext": {"tlsCertificates": [certificate]}}
    bootstrap = made(listeners=[listener(transportSocket={"name": "tls", "typedConfig": context})])
    (only,) = bootstrap.to_dict()["staticResources"]["listeners"]
    common = only["filterChains"][0]["transportSocket"]["typedConfig"]["commonTlsContext"]
    assert common["tlsCertificates"] == [
        {"certificateChain": {"filename": "/c.pem"}, "privateKey": {"filename": "/k.pem"}}
    ]
    assert slugs(bootstrap) == ["private-key-provider"]


def test_access_logs() -> None:
    """With an access log, connection managers without one write to stdout."""
    logged = manager(made(Options(access_log=True), listeners=[listener()]))
    assert [log["name"] for log in logged["accessLog"]] == ["envoy.access_loggers.stdout"]
    assert "accessLog" not in manager(made(listeners=[listener()]))


def test_health_and_statistics() -> None:
    """The readiness and stats ports answer from the admin interface, and prefixes limit the statistics."""
    options = Options(admin_port=9901, readiness_port=15021, stats_port=15090, stats_prefixes=("cluster.",))
    content = made(options, listeners=[listener(STATS)]).to_dict()
    static = content["staticResources"]
    assert [item["name"] for item in static["listeners"]] == ["web", "readiness", "stats"]
    assert [item["name"] for item in static["clusters"]] == ["admin"]
    patterns = content["statsConfig"]["statsMatcher"]["inclusionList"]["patterns"]
    assert patterns == [{"prefix": "cluster."}]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"resolve": "hosts"}, "there is no resolve 'hosts', only 'addresses' and 'dns'"),
        ({"passthrough": "all"}, "there is no passthrough 'all', only 'dfp' and 'block'"),
        ({"readiness_port": 70000}, "the readiness port must be from 0 to 65535, not 70000"),
        ({"admin_port": 0, "stats_port": 1}, "the readiness and stats ports read the admin interface"),
        ({"listen": {"0.0.0.0": "here"}}, "a listener can only be moved to ADDRESS:PORT"),
        ({"colour": "red"}, "a bootstrap has no option 'colour'"),
    ],
)
def test_wrong_options(given: dict[str, Any], problem: str) -> None:
    """An option that cannot hold is refused with what is possible."""
    mesh = meshcompile.load(Path(__file__).resolve().parents[2] / "examples" / "coolstore")
    with pytest.raises(meshcompile.InvalidArgument, match=problem.replace("'", ".")):
        mesh.compile("deployment/webapp.istioinaction").bootstrap(**given)
