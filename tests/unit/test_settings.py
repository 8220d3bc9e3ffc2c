"""Settings of a mesh: the installed defaults, a ConfigMap, and the caller's settings."""

from typing import Any

from meshcompile.documents import Document
from meshcompile.models.base import Resource
from meshcompile.models.mesh.defaults import INSTALLED_DEFAULTS
from meshcompile.models.read import read
from meshcompile.settings import MeshSettings, mesh_settings


def config_map(name: str = "istio", namespace: str = "istio-system", **data: str) -> Resource:
    metadata = {"name": name, "namespace": namespace}
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    found = read(Document("istio.yaml", document))[0]
    assert found is not None
    return found


def settings(**mesh: Any) -> MeshSettings:
    return mesh_settings((), mesh)


def test_without_settings_the_installed_defaults_hold() -> None:
    """Without settings, the defaults apply."""
    assert mesh_settings(()).mesh == INSTALLED_DEFAULTS


def test_the_config_map_holds_settings() -> None:
    """The ConfigMap `istio` in the root namespace has the mesh config and networks as YAML text."""
    networks = "networks:\n  main:\n    endpoints: [{fromRegistry: Kubernetes}]\n"
    found = mesh_settings([config_map(mesh="accessLogFile: /dev/stdout\n", meshNetworks=networks)])
    assert found.diagnostics == ()
    assert found.mesh.access_log_file == "/dev/stdout"
    assert found.networks.networks["main"].endpoints[0].from_registry == "Kubernetes"


def test_other_config_maps_hold_none() -> None:
    """A ConfigMap with another name or namespace is ignored."""
    other = [config_map("istio-ca", mesh="accessLogFile: a"), config_map(namespace="shop", mesh="accessLogFile: b")]
    assert mesh_settings(other).mesh == INSTALLED_DEFAULTS


def test_the_caller_wins() -> None:
    """The caller's settings override the ConfigMap, field by field."""
    stated = config_map(mesh="accessLogFile: /dev/stdout\ntrustDomain: a.com\n")
    found = mesh_settings([stated], {"trustDomain": "b.com"}).mesh
    assert (found.access_log_file, found.trust_domain) == ("/dev/stdout", "b.com")


def test_a_config_map_that_is_not_yaml_is_reported() -> None:
    """For text that is not YAML, the defaults apply, and an error has the position."""
    found = mesh_settings([config_map(mesh="a: [")])
    assert found.mesh == INSTALLED_DEFAULTS
    assert [(d.code, d.field) for d in found.diagnostics] == [("MC0302", "data.mesh")]


def test_an_unknown_field_is_reported_and_passed_over() -> None:
    """A misspelled setting is an error with a suggestion, and all others apply."""
    found = settings(
        accessLogFiles="/dev/stdout", trustDomain="a.com", defaultConfig={"concurency": 2, "statusPort": 1}
    )
    assert sorted((d.field, d.suggestion) for d in found.diagnostics) == [
        ("accessLogFiles", "write `accessLogFile`"),
        ("defaultConfig.concurency", "write `concurrency`"),
    ]
    assert found.mesh.trust_domain == "a.com"
    assert found.mesh.default_config is not None
    assert found.mesh.default_config.status_port == 1


def test_a_wrong_value_voids_the_config() -> None:
    """As in istiod, a value of the wrong type means that all defaults apply."""
    found = settings(trustDomain="a.com", enableTracing="yes")
    assert found.mesh == INSTALLED_DEFAULTS
    assert [d.field for d in found.diagnostics] == ["enableTracing"]
    assert not any(d.rejected for d in found.diagnostics)


def test_null_is_absent() -> None:
    """A null setting is absent."""
    found = settings(
        accessLogFile=None, trustDomain="a.com", extensionProviders=[{"name": "a", "zipkin": {"port": None}}]
    )
    assert found.diagnostics == ()
    assert (found.mesh.access_log_file, found.mesh.trust_domain) == ("", "a.com")
