"""The page about Python matches the API."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cached_property

import pytest

import meshcompile
import meshcompile.envoy
from meshcompile.tools import policies
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "reference" / "api.md").read_text()
NAMES = [name for name in meshcompile.__all__ if name != "__version__"]
CLASSES = [value for name in NAMES if inspect.isclass(value := getattr(meshcompile, name))]

# Internal attributes, which are not for users.
INTERNAL = {
    "Config": {"resources", "credentials"},
    "Mesh": {
        "config_cluster",
        "remote_clusters",
        "settings",
        "snapshot",
        "namespace",
        "ambient",
        "behaviour",
        "jwks",
        "loading",
    },
    "Bootstrap": {"content"},
    "Diagnostic": {"sort_key"},
    "Origin": {"document", "path"},
    "PatchReport": {"patch"},
}


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def rows(text: str) -> list[str]:
    """The names in the first cells of a section's tables."""
    cells = re.findall(r"^\| ([^|]*`[^|]*) \|", text, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`(\w+)", cell)]


def attributes(cls: type) -> set[str]:
    """The public attributes of a class that it declares itself."""
    declared = {name for name in vars(cls) if not name.startswith("_")}
    stored = {each.name for each in fields(cls)} if is_dataclass(cls) else set()
    return (declared | stored) - INTERNAL.get(cls.__name__, set())


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_on_the_page(name: str) -> None:
    """Every name that the package exports is on the page, in code style or as a title."""
    assert re.search(rf"`{name}\b|^## {name}$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name", ["Mesh", "Config"])
def test_tables_have_every_attribute_once(name: str) -> None:
    """The table of a class has each public attribute exactly once, and no others."""
    listed = rows(section(name))
    assert len(listed) == len(set(listed))
    assert set(listed) == attributes(getattr(meshcompile, name))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_attribute_is_on_the_page(cls: type) -> None:
    """Every public attribute of values that users receive is on the page. Other pages cover proxies and limits."""
    if cls.__name__ not in ("Proxy", "Limits", "AssumedProxy", "Sources", "ForeignFile"):
        assert {name for name in attributes(cls) if not re.search(rf"\b{name}\b", PAGE)} == set()


def test_the_signature_of_load_is_on_the_page() -> None:
    """The page has the signature of `load` with its defaults, and a row for each parameter."""
    parameters = inspect.signature(meshcompile.load).parameters.values()
    shown = [p.name if p.default is p.empty else f"{p.name}={_default(p.default)}" for p in parameters]
    assert f"`load({', '.join(shown)}) -> Mesh`" in PAGE
    assert rows(section("load"))[: len(shown)] == [p.name for p in parameters]


def _default(value: object) -> str:
    return "Limits()" if isinstance(value, meshcompile.Limits) else repr(value).replace("'", '"')


@pytest.mark.parametrize("package", [meshcompile, meshcompile.envoy], ids=lambda package: package.__name__)
def test_type_checkers_see_what_is_imported(package: object) -> None:
    """The imports for type checkers import every public name from the same module as at run time."""
    source = inspect.getsource(package)  # type: ignore[arg-type]
    seen = {
        name: module
        for module, name in re.findall(r"^    from ([\w.]+) import \(?\s*(\w+) as \2\b", source, re.MULTILINE)
    }
    names = {name for name in package.__all__ if name != "__version__"}  # type: ignore[attr-defined]
    assert seen.keys() == names
    for name, module in seen.items():
        assert getattr(package, name) is getattr(__import__(module, fromlist=[name]), name)


def undocumented() -> Iterator[str]:
    for owner in [*CLASSES, *(value for name in policies.__all__ if inspect.isclass(value := getattr(policies, name)))]:
        if not owner.__doc__ or owner.__doc__.startswith(f"{owner.__name__}("):
            yield owner.__name__
        for name, value in vars(owner).items():
            explained = isinstance(value, property | cached_property | classmethod) or inspect.isfunction(value)
            if explained and not name.startswith("_") and not inspect.getdoc(value):
                yield f"{owner.__name__}.{name}"


def test_every_public_name_has_a_docstring() -> None:
    """Every public class, function, method and property has a docstring."""
    assert list(undocumented()) == []
    assert inspect.getdoc(meshcompile.load)


def test_the_page_about_policies_names_what_there_is() -> None:
    """Every name in the table of policies can be imported."""
    assert {"guard", "decision", "connection_decision", "Outcome", "Request"} <= set(rows(section("Policies")))
    assert set(rows(section("Policies"))) <= set(policies.__all__)


def test_functions_for_messages_are_there() -> None:
    """Every function in the table of messages can be imported."""
    assert set(rows(section("Messages"))) <= set(meshcompile.envoy.__all__)
