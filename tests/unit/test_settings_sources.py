"""Mesh config and networks in all supported forms, and the positions of errors in them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

import meshcompile
from meshcompile.diagnostics import Diagnostic
from meshcompile.errors import InvalidArgument
from meshcompile.models.mesh.defaults import INSTALLED_DEFAULTS

PLAIN = """\
# of the mesh
accessLogFile: /dev/stdout
defaultConfig:
  concurrencyy: 2
"""
CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |-

    # of the mesh
    accessLogFile: /dev/stdout
    defaultConfig:
      concurrencyy: 2
  meshNetworks: |-
    networks: {}
"""
OPERATOR = """\
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
spec:
  meshConfig:
    accessLogFile: /dev/stdout
    defaultConfig:
      concurrencyy: 2
"""
VALUES = """\
global: {hub: docker.io/istio}
meshConfig:
  accessLogFile: /dev/stdout
  defaultConfig:
    concurrencyy: 2
"""
UMBRELLA = "istiod:\n" + "".join(f"  {line}\n" for line in VALUES.splitlines())
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: b}\nspec: {ports: [{port: 80}]}\n"
FORMS = {
    "plain": (PLAIN, 4, 3),
    "config map": (CONFIG_MAP, 10, 7),
    "list": ("kind: List\napiVersion: v1\nitems:\n- " + CONFIG_MAP.replace("\n", "\n  ").rstrip() + "\n", 13, 9),
    "operator": (OPERATOR, 7, 7),
    "operator's values": (OPERATOR.replace("  meshConfig:", "  values: {}\n  meshConfig:"), 8, 7),
    "values": (VALUES, 5, 5),
    "umbrella": (UMBRELLA, 6, 7),
}


def written(tmp_path: Path, text: str, name: str = "config.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def errors(of: meshcompile.Mesh) -> list[Diagnostic]:
    return [found for found in of.diagnostics if found.severity is meshcompile.Severity.ERROR]


@pytest.mark.parametrize("form", FORMS)
def test_a_mesh_config_is_read_in_every_form(tmp_path: Path, form: str) -> None:
    """A file is used as mesh config, and errors in it have its line and column."""
    text, line, column = FORMS[form]
    path = written(tmp_path, text)
    loaded = meshcompile.load(SERVICE, mesh_config=path)
    assert loaded.settings.mesh.access_log_file == "/dev/stdout"
    (found,) = errors(loaded)
    assert (found.file, found.line, found.column) == (str(path), line, column)
    assert found.suggestion == "write `concurrency`"


@pytest.mark.parametrize("form", ["config map", "list", "operator"])
def test_a_mesh_config_is_read_among_the_input(tmp_path: Path, form: str) -> None:
    """A ConfigMap or an IstioOperator in the input is used, with the same positions."""
    text, line, column = FORMS[form]
    loaded = meshcompile.load(written(tmp_path, text))
    assert loaded.settings.mesh.access_log_file == "/dev/stdout"
    assert [(found.line, found.column) for found in errors(loaded)] == [(line, column)]


def test_a_text_in_quotes_has_the_place_of_its_key(tmp_path: Path) -> None:
    """In text that is not a literal block, as in JSON, a finding points at the text."""
    path = written(
        tmp_path,
        '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio", "namespace": "istio-system"},\n'
        ' "data": {"mesh": "accessLogFile: a\\naccesLogFormat: b\\n"}}\n',
    )
    (found,) = errors(meshcompile.load(path))
    assert (found.line, found.column, found.field) == (2, 11, "accesLogFormat")


@pytest.mark.parametrize("text", ["{}", "", "# nothing\n", "---\n"])
def test_an_empty_file_is_an_empty_config(tmp_path: Path, text: str) -> None:
    """An empty mesh config, or empty networks, change nothing."""
    path = written(tmp_path, text)
    loaded = meshcompile.load(SERVICE, mesh_config=path, networks=path)
    assert loaded.settings.mesh == INSTALLED_DEFAULTS
    assert loaded.diagnostics == ()


def test_values_go_over_the_operators_own_mesh_config(tmp_path: Path) -> None:
    """`spec.values.meshConfig` is merged over `spec.meshConfig` field by field, and lists are replaced."""
    text = """\
    apiVersion: install.istio.io/v1alpha1
    kind: IstioOperator
    spec:
      meshConfig:
        accessLogFile: /dev/stdout
        trustDomain: a.com
        trustDomainAliases: [x.com]
        defaultConfig: {concurrency: 1, proxyMetadata: {A: "1", B: "1"}, tracing: {sampling: 10}}
      values:
        meshConfig:
          trustDomain: b.com
          trustDomainAliases: [y.com]
          defaultConfig: {proxyMetadata: {B: "2"}, tracing: {maxPathTagLength: 99}}
        global:
          meshNetworks:
            main: {endpoints: [{fromRegistry: Kubernetes}]}
    """
    loaded = meshcompile.load(written(tmp_path, dedent(text)))
    mesh = loaded.settings.mesh
    assert (mesh.access_log_file, mesh.trust_domain, mesh.trust_domain_aliases) == ("/dev/stdout", "b.com", ("y.com",))
    assert mesh.default_config is not None
    assert mesh.default_config.concurrency == 1
    assert mesh.default_config.proxy_metadata == {"A": "1", "B": "2"}
    assert mesh.default_config.tracing is not None
    assert (mesh.default_config.tracing.sampling, mesh.default_config.tracing.max_path_tag_length) == (10, 99)
    assert set(loaded.settings.networks.networks) == {"main"}
    assert [(found.slug, found.line) for found in loaded.diagnostics] == [("mesh-config-from", 10)]


def test_the_sail_operators_istio_is_read_where_it_is_given(tmp_path: Path) -> None:
    """An Istio resource of the Sail operator is used as mesh config with its Helm values."""
    text = """\
    apiVersion: sailoperator.io/v1
    kind: Istio
    metadata: {name: default}
    spec: {values: {meshConfig: {accessLogFile: /dev/stdout}}}
    """
    loaded = meshcompile.load(SERVICE, mesh_config=written(tmp_path, dedent(text)))
    assert loaded.settings.mesh.access_log_file == "/dev/stdout"


def test_one_of_several_holds(tmp_path: Path) -> None:
    """The ConfigMap precedes operators, and an operator without a revision precedes others, in any order of input."""
    canary = OPERATOR.replace("spec:", "metadata: {name: a}\nspec:\n  revision: canary").replace(
        "/dev/stdout", "canary"
    )
    stable = OPERATOR.replace("spec:", "metadata: {name: b}\nspec:").replace("/dev/stdout", "stable")
    files = [written(tmp_path, text, f"{n}.yaml") for n, text in enumerate([canary, stable, CONFIG_MAP])]
    for order in (files, files[::-1]):
        loaded = meshcompile.load(order)
        assert loaded.settings.mesh.access_log_file == "/dev/stdout"
        unused = [found for found in loaded.diagnostics if found.slug == "mesh-config-not-used"]
        assert [Path(found.file).name for found in unused] == ["0.yaml", "1.yaml"]
        assert all(Path(found.related[0].origin.file).name == "2.yaml" for found in unused)
        assert meshcompile.load(order[:2] if order is files else order[1:]).settings.mesh.access_log_file == "stable"


def test_operators_without_names_do_not_replace_each_other(tmp_path: Path) -> None:
    """Two IstioOperators without a name are two."""
    files = [written(tmp_path, OPERATOR.replace("concurrencyy", "concurrency"), f"{n}.yaml") for n in range(2)]
    slugs = {found.slug for found in meshcompile.load(files).diagnostics}
    assert slugs == {"mesh-config-from", "mesh-config-not-used"}


@pytest.mark.parametrize("prefix", ["networks:\n  ", ""])
def test_networks_of_a_file_know_their_places(tmp_path: Path, prefix: str) -> None:
    """MeshNetworks, with or without their only field, are read from a file, and findings have positions in it."""
    path = written(tmp_path, f"{prefix}main: {{endpoints: [{{fromRegistr: Kubernetes}}]}}\n")
    loaded = meshcompile.load(SERVICE, networks=path)
    (found,) = errors(loaded)
    column = 21 if not prefix else 23
    assert (found.file, found.line, found.column) == (str(path), 2 if prefix else 1, column)


@pytest.mark.parametrize(("text", "line"), [("- a\n", 1), (SERVICE, 2), ("a: [\n", 0)])
def test_what_is_no_mesh_config_is_refused(tmp_path: Path, text: str, line: int) -> None:
    """A list or an object of another kind is an error with its position. Malformed YAML cannot be read."""
    path = written(tmp_path, text)
    if not line:
        with pytest.raises(meshcompile.UnreadableInput):
            meshcompile.load(SERVICE, mesh_config=path)
        return
    (found,) = errors(meshcompile.load(SERVICE, mesh_config=path))
    assert (found.slug, found.file, found.line) == ("invalid-mesh-config", str(path), line)


def test_a_mesh_config_is_an_object(tmp_path: Path) -> None:
    """Text instead of a mesh config is an error at its key."""
    path = written(tmp_path, OPERATOR.partition("  meshConfig")[0] + "  meshConfig: /dev/stdout\n")
    (found,) = errors(meshcompile.load(path))
    assert (found.slug, found.line, found.column) == ("invalid-mesh-config", 4, 3)
    assert found.message.startswith("mesh config: expected an object, found ")


def test_a_mesh_config_is_found_among_other_objects(tmp_path: Path) -> None:
    """In a rendered chart, the object with the mesh config is used. Two of them are rejected."""
    path = written(tmp_path, f"{SERVICE}---\n{CONFIG_MAP}")
    assert meshcompile.load(SERVICE, mesh_config=path).settings.mesh.access_log_file == "/dev/stdout"
    several = written(tmp_path, f"{OPERATOR}---\n{CONFIG_MAP}")
    with pytest.raises(InvalidArgument, match="expected one mesh config, found 2"):
        meshcompile.load(SERVICE, mesh_config=several)
