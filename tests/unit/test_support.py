"""Unsupported fields, proxies and meshes are reported, each with a reason."""

from importlib import import_module

import pytest

import meshcompile
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.support import LIMITS, Support, limit

ENDPOINTS = """
apiVersion: v1
kind: Endpoints
metadata:
  name: web
  namespace: shop
subsets:
  - notReadyAddresses:
      - ip: 10.0.0.1
    ports:
      - port: 80
"""

GATEWAY = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: web
  namespace: shop
spec:
  servers:
    - port:
        number: 80
        name: http
        protocol: HTTP
        targetPort: 8080
      hosts: ["*"]
"""


def limits_of(text: str) -> list[meshcompile.Diagnostic]:
    """The findings about fields without effect."""
    return [found for found in meshcompile.load(text).diagnostics if found.code in ("MC0130", "MC0131")]


@pytest.mark.parametrize("model", LIMITS)
def test_limits_are_about_fields_that_exist(model: str) -> None:
    """Each row of the table names an existing model and fields."""
    module, _, name = model.rpartition(".")
    cls = getattr(import_module(f"meshcompile.models.{module}"), name)
    assert LIMITS[model].keys() <= cls.model_fields.keys()


def test_a_field_that_is_not_listed_is_compiled() -> None:
    """Most fields are compiled, which the table expresses by not listing them."""
    assert limit(MeshConfig, "trust_domain").support is Support.COMPILED


def test_unsupported_fields_are_warnings() -> None:
    """A field that istiod uses and meshcompile does not is a warning at its position."""
    (found,) = limits_of(ENDPOINTS)
    assert (found.code, found.severity, found.field) == (
        "MC0130",
        meshcompile.Severity.WARNING,
        "subsets[0].notReadyAddresses",
    )
    assert (found.line, found.kind, found.name) == (8, "Endpoints", "web")


def test_ignored_fields_are_infos() -> None:
    """A field that Istio itself ignores is only an info."""
    (found,) = limits_of(GATEWAY)
    assert (found.code, found.severity, found.line) == ("MC0131", meshcompile.Severity.INFO, 13)


def test_settings_of_the_mesh_are_looked_at() -> None:
    """An unsupported field of the mesh config is reported in its original spelling."""
    (found,) = meshcompile.load((), mesh_config={"defaultConfig": {"private_key_provider": {"qat": {}}}}).diagnostics
    assert (found.code, found.field) == ("MC0130", "defaultConfig.private_key_provider")


def test_gateways_between_ambient_networks_are_reported() -> None:
    """A Gateway of the class that only a feature flag adds is reported at its class."""
    gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: far}\nspec:\n"
    text = gateway + "  gatewayClassName: istio-east-west\n  listeners: [{name: x, port: 15008, protocol: HBONE}]\n"
    found = [each for each in meshcompile.load(text, ambient=True).diagnostics if each.code == "MC0303"]
    assert [each.line for each in found] == [5]
    assert meshcompile.load((), ambient=True).diagnostics == ()


def test_ambient_namespaces_need_an_ambient_mesh() -> None:
    """A namespace in ambient mode is reported at its label if the mesh is compiled without ambient mode."""
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio.io/dataplane-mode: MODE}}\n"
    (found,) = meshcompile.load(namespace.replace("MODE", "ambient")).diagnostics
    assert (found.code, found.line) == ("MC0306", 3)
    assert meshcompile.load(namespace.replace("MODE", "none")).diagnostics == ()
    assert "MC0306" not in [each.code for each in meshcompile.load(namespace, ambient=True).diagnostics]


@pytest.mark.parametrize(
    ("kind", "metadata", "codes"),
    [
        ("waypoint", {}, ["MC1214"]),
        ("sidecar", {"ENABLE_HBONE": "true"}, []),
        ("router", {"ENABLE_HBONE": True}, []),
        ("sidecar", {}, []),
    ],
)
def test_proxies_are_supported(kind: str, metadata: dict, codes: list[str]) -> None:
    """The output is complete for each kind of proxy. A waypoint needs an ambient mesh."""
    node = {"id": f"{kind}~10.0.0.1~web-0.shop~shop.svc.cluster.local", "metadata": metadata}
    config = meshcompile.load(()).compile(meshcompile.Proxy.from_node(node))
    assert [found.code for found in config.diagnostics] == codes
