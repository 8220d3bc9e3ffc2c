"""Arguments of `load` and of the values that it returns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import meshcompile
from meshcompile import InvalidArgument, Limits, Mesh, UnreadableInput

NAMESPACE = "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"


def codes(mesh: Mesh) -> list[str]:
    return [d.code for d in mesh.diagnostics if d.severity is meshcompile.Severity.ERROR]


@pytest.mark.parametrize(
    "given",
    [
        f"{NAMESPACE}\n",
        NAMESPACE,
        NAMESPACE.encode(),
        b"\xef\xbb\xbf" + NAMESPACE.encode(),
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
        [NAMESPACE.encode()],
        (NAMESPACE, b"kind: Namespace\napiVersion: v1\nmetadata: {name: bank}\n"),
    ],
)
def test_texts_bytes_and_objects_are_read(given: Any) -> None:
    """An object can be a text, bytes or plain data, alone or with others."""
    assert codes(meshcompile.load(given)) == []


@pytest.mark.parametrize("text", ["apiVersion: v1", "kind: Service", b"apiVersion: v1"])
def test_a_text_on_one_line_is_no_path(text: Any) -> None:
    """A str with a key and a value is read as a text."""
    assert codes(meshcompile.load(text))[0] == "MC0102"


def test_a_path_stays_a_path(tmp_path: Path) -> None:
    """A name without a key is a path, and a PathLike is a path regardless of its name."""
    odd = tmp_path / "kind: odd.yaml"
    odd.write_text(NAMESPACE)
    assert codes(meshcompile.load(odd)) == []
    with pytest.raises(UnreadableInput, match=r"no file or folder 'missing\.yaml'"):
        meshcompile.load("missing.yaml")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inputs": 42}, "inputs must be paths, texts, bytes or mappings, not int 42"),
        ({"inputs": None}, "inputs must be .*, not None"),
        ({"inputs": [NAMESPACE, 42]}, "inputs must be .*, not int 42"),
        ({"inputs": [[NAMESPACE]]}, "inputs must be .*, not list"),
        ({"exclude": "*.yaml"}, "`exclude` must be a list of strings, not str"),
        ({"exclude": [1]}, r"`exclude\[0\]` must be of type str, not int 1"),
        ({"clusters": ["west"]}, "`clusters` must be a mapping with string keys, not list"),
        ({"clusters": {1: NAMESPACE}}, "`clusters` must be a mapping with string keys"),
        ({"clusters": {"west": 42}}, "inputs must be .*, not int 42"),
        ({"jwks": "keys"}, "`jwks` must be a mapping with string keys, not str"),
        ({"jwks": {"https://a": {}}}, r"`jwks\['https://a'\]` must be of type str, not dict"),
        ({"namespace": None}, "`namespace` must be of type str, not None"),
        ({"mesh_config": 42}, "`mesh_config` must be of type str or bytes or PathLike or Mapping, not int 42"),
        ({"networks": [{}]}, "`networks` must be of type str or bytes or PathLike or Mapping, not list"),
        ({"limits": 10}, "`limits` must be of type Limits, not int 10"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], message: str) -> None:
    """An argument of a wrong type raises InvalidArgument with the argument and the expected type."""
    with pytest.raises(InvalidArgument, match=f"^{message}"):
        meshcompile.load(**{"inputs": NAMESPACE} | arguments)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda mesh: mesh.compile(42), "`proxy` must be of type .*Proxy.*, not int 42"),
        (lambda mesh: mesh.compile(None), "`proxy` must be of type .*Proxy.*, not None"),
        (lambda mesh: mesh.proxy(42), "`name` must be of type str, not int 42"),
        (lambda mesh: mesh.used_by("web"), "`config` must be of type Config, not str"),
        (lambda mesh: config(mesh).to_dict(["listener"]), "there are no resources 'listener', only listeners, routes"),
        (lambda mesh: config(mesh).bootstrap("plain"), "there is no flavour 'plain'"),
        (
            lambda mesh: config(mesh).bootstrap(endpoints=["a"]),
            "`endpoints` must be a mapping with string keys, not list",
        ),
        (lambda mesh: config(mesh).bootstrap(endpoints={"a": 1}), r"`endpoints\['a'\]` must be of type str, not int 1"),
        (lambda mesh: config(mesh).bootstrap(admin_port="1"), "`admin_port` must be of type int, not str"),
        (lambda mesh: config(mesh).bootstrap(workload_certificates=Path()), "`workload_certificates` must be of type"),
    ],
)
def test_wrong_arguments_of_methods_are_named(call: Callable[[Any], object], message: str) -> None:
    """Methods also name a wrong argument, and no internal attribute."""
    with pytest.raises(InvalidArgument, match=f"^{message}"):
        call(meshcompile.load(NAMESPACE))


def config(mesh: Mesh) -> Any:
    return mesh.compile(meshcompile.Proxy(meshcompile.ProxyType.SIDECAR, "web.shop", "shop", ("10.0.0.1",)))


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"depth": 0}, "`limits.depth` must be 1 to 250, not 0"),
        ({"depth": 251}, "`limits.depth` must be 1 to 250, not 251"),
        ({"depth": "9"}, "`limits.depth` must be of type int, not str"),
        ({"total_size": -1}, "`limits.total_size` must not be negative, but is -1"),
    ],
)
def test_limits_that_make_no_sense_are_refused(limits: dict[str, Any], message: str) -> None:
    """A limit that is not a number or is negative, and a depth that Python cannot handle, raise InvalidArgument."""
    with pytest.raises(InvalidArgument, match=f"^{message}$"):
        Limits(**limits)


def test_the_deepest_limit_can_be_used() -> None:
    """Input at the maximum depth is read, and deeper input is rejected."""
    object_in = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: deep}\ndata: "
    deepest = Limits(depth=250)
    assert codes(meshcompile.load(object_in + "[" * 249 + "]" * 249, limits=deepest)) == ["MC0113"]
    with pytest.raises(UnreadableInput, match="too-deep"):
        meshcompile.load(object_in + "[" * 250 + "]" * 250, limits=deepest)


def test_limits_are_an_argument() -> None:
    """Input that exceeds the caller's limits is rejected, in remote clusters, too."""
    tight = Limits(total_size=10)
    arguments: Any
    for arguments in ({"inputs": NAMESPACE}, {"inputs": [], "clusters": {"west": NAMESPACE}}):
        with pytest.raises(UnreadableInput, match="larger than the 10 bytes allowed"):
            meshcompile.load(**arguments, limits=tight)
    assert codes(meshcompile.load(NAMESPACE, limits=Limits())) == []
