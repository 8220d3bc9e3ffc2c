from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "meshcompile"
# Packages that may do IO, and the module that only starts one of them.
DO_IO = ("source", "render", "fleet", "running", "serve", "cli", "lsp", "__main__.py")
IMPURE_MODULES = {
    "os",
    "pathlib",
    "io",
    "subprocess",
    "socket",
    "random",
    "secrets",
    "time",
    "tempfile",
    "shutil",
    "logging",
}
IMPURE_CALLS = {"open", "print", "input"}
CLOCK = {"now", "utcnow", "today"}


def pure_modules() -> list[Path]:
    return [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] not in DO_IO and path.relative_to(PACKAGE).parts[0] != "envoy"
    ]


def impurities(path: Path) -> Iterator[str]:
    """Imports and calls that do IO or depend on the environment."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name.partition(".")[0] in IMPURE_MODULES)
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in IMPURE_MODULES:
                yield module
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_CALLS:
                yield f"{name}()"
            case ast.Call(func=ast.Attribute(attr=name)) if name in CLOCK:
                yield f".{name}()"


def test_only_listed_packages_do_io() -> None:
    """No other module imports modules for files, the environment, the clock or random numbers."""
    assert {str(p.relative_to(PACKAGE)): found for p in pure_modules() if (found := list(impurities(p)))} == {}


def test_there_are_no_global_variables_to_assign() -> None:
    """No function of the compiler assigns to a module-level name."""
    assert [
        p for p in pure_modules() if any(isinstance(n, ast.Global) for n in ast.walk(ast.parse(p.read_text())))
    ] == []


CACHES = {"cache", "lru_cache", "WeakKeyDictionary", "WeakValueDictionary"}
COMPILER = ("snapshot", "resolve", "emit", "patch", "compile.py", "queries.py", "uses.py", "mesh.py")
# Knowledge about message classes, whose number is fixed.
OF_CLASSES = {"patch/merge.py"}


def test_no_module_of_the_compiler_keeps_answers() -> None:
    """Cached results belong to a snapshot or to a value, and never to a module, which outlives every mesh."""
    names = (
        (path.relative_to(PACKAGE).as_posix(), getattr(node, "id", getattr(node, "attr", "")))
        for path in pure_modules()
        if path.relative_to(PACKAGE).parts[0] in COMPILER
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name | ast.Attribute)
    )
    assert {path for path, name in names if name in CACHES} == OF_CLASSES


ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
OF_RELEASES = ("version", "release")


def compared_versions(path: Path) -> Iterator[str]:
    """The order comparisons of names that contain `version` or `release`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Compare) and any(isinstance(operator, ORDERS) for operator in node.ops):
            operands = (getattr(n, "attr", getattr(n, "id", "")).lower() for n in (node.left, *node.comparators))
            yield from (f"{path.name}:{node.lineno}" for name in operands if name.endswith(OF_RELEASES))


def test_versions_are_compared_in_one_table() -> None:
    """Only the capabilities of a proxy compare its version."""
    found = {path.name for path in pure_modules() for _ in compared_versions(path)}
    assert found == {"behaviour.py"}


# The parts of `models` that `emit` uses, by module: leaves without references to other objects, and enums.
LEAVES: Mapping[str, frozenset[str]] = {
    "common": frozenset({"StringMatch"}),
    "networking.virtual_service": frozenset({"Percent"}),
    "networking.destination_rule": frozenset(
        {"ConnectionKeepalive", "OutlierDetection", "ProxyProtocol", "ProxyProtocolVersion", "RetryBudget"}
    ),
    "mesh.proxy_config": frozenset({"CustomTag"}),
    "telemetry.telemetry": frozenset({"CustomTag"}),
    "extensions.common": frozenset({"EnvValueSource", "FailStrategy", "PluginType", "PullPolicy"}),
    "security.authorization_policy": frozenset({"AuthorizationPolicyAction"}),
}


def imported_models(path: Path) -> Iterator[tuple[str, str]]:
    """The imports from `models`: the module, and the name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("meshcompile.models"):
            below = (node.module or "").removeprefix("meshcompile.models").removeprefix(".")
            yield from ((below, alias.name) for alias in node.names)


def test_emit_knows_no_kinds() -> None:
    """Emit imports only leaves of the models. Kinds and rules reach it as resolved values."""
    found: dict[str, set[str]] = {}
    for path in sorted((PACKAGE / "emit").rglob("*.py")):
        for module, name in imported_models(path):
            found.setdefault(module, set()).add(name)
    assert found == LEAVES


# The modules of resolve that read Gateways, and what the others take of them.
READ_GATEWAYS = {"from_gateway.py"}
LEAVES_OF_GATEWAYS = {"TLSMode"}


def test_gateways_are_read_in_one_place() -> None:
    """Listeners, routes and TLS of gateways are resolved from servers in words of resolve, whatever kind says them."""
    readers = {
        path.name
        for path in sorted((PACKAGE / "resolve").rglob("*.py"))
        for module, name in imported_models(path)
        if module == "networking.gateway" and name not in LEAVES_OF_GATEWAYS
    }
    assert readers == READ_GATEWAYS


# The package of resolve that reads the rules of VirtualServices, and what the other modules take of them.
READ_RULES = {"virtual_service"}
LEAVES_OF_RULES = {"MESH_GATEWAY", "Destination", "HTTPRetry", "Percent"}


def test_rules_are_read_in_one_place() -> None:
    """HTTP, TLS and TCP rules are resolved from the vocabulary of routes, whatever kind says them."""
    readers = {
        path.parent.name
        for path in sorted((PACKAGE / "resolve").rglob("*.py"))
        for module, name in imported_models(path)
        if module == "networking.virtual_service" and name not in LEAVES_OF_RULES
    }
    assert readers == READ_RULES


def wildcards_with_messages(path: Path) -> Iterator[str]:
    """The `case _` that build something, because an unknown value must not become a message that matches anything."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.match_case):
            continue
        is_wildcard = (
            isinstance(node.pattern, ast.MatchAs) and node.pattern.pattern is None and node.pattern.name is None
        )
        builds = [
            n.func.id
            for s in node.body
            for n in ast.walk(s)
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        ]
        if is_wildcard:
            yield from (f"{path.name}:{node.pattern.lineno} {name}" for name in builds if name != "assert_never")


def test_no_unknown_case_becomes_a_message() -> None:
    """In emit, mypy checks that a match without `case _` is exhaustive, and a `case _` returns nothing."""
    assert [found for path in sorted((PACKAGE / "emit").rglob("*.py")) for found in wildcards_with_messages(path)] == []


# The results of patches, which are kept as long as the patch and the message.
OF_MESSAGES = {"patch/values.py"}


def test_nothing_is_looked_up_by_where_it_is_in_memory() -> None:
    """The compiler compares by value: equal values are interchangeable."""
    paths = {
        path.relative_to(PACKAGE).as_posix()
        for path in pure_modules()
        if path.relative_to(PACKAGE).parts[0] in COMPILER
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name) and node.id == "id" and isinstance(node.ctx, ast.Load)
    }
    assert paths == OF_MESSAGES


CHAIN_PROTOCOLS = {"raw_buffer", "h2c", "istio-http/1.0", "istio-http/1.1", "istio-h2"}


def test_resolve_knows_no_chain_protocols() -> None:
    """In resolve, a filter chain matches a traffic class. Only emit knows transport protocols and ALPN names."""
    texts = {
        f"{path.name}: {node.value}"
        for path in sorted((PACKAGE / "resolve").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in CHAIN_PROTOCOLS
    }
    assert texts == set()


def test_models_are_frozen() -> None:
    """Everything that a user wrote is read into immutable models."""
    from meshcompile.models.base import Node
    from meshcompile.models.registry import KINDS

    assert all(kind.model.model_config.get("frozen") for kind in KINDS)
    assert Node.model_config.get("frozen")


@pytest.mark.slow
@pytest.mark.slow
def test_the_hash_seed_does_not_matter() -> None:
    """Two processes with different hash seeds print the same bytes for every proxy of the example."""
    command = [sys.executable, "-m", "meshcompile", "compile", "--all-proxies", "-f", "examples/coolstore"]
    outputs = {
        subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": "src", "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1


EVERYTHING = """
import sys
import meshcompile

for path in sys.argv[1:]:
    mesh = meshcompile.load(path)
    for proxy in mesh.proxies():
        sys.stdout.write(mesh.compile(proxy).to_json())
    sys.stdout.write("".join(f"{found}\\n" for found in mesh.diagnostics))
"""


@pytest.mark.slow
@pytest.mark.slow
def test_the_hash_seed_does_not_matter_in_any_scenario() -> None:
    """Two processes with different hash seeds give the same bytes and diagnostics for all proxies of all goldens."""
    paths = sorted(map(str, (ROOT / "tests" / "golden").glob("*/input.yaml")))
    outputs = {
        subprocess.run(
            [sys.executable, "-c", EVERYTHING, *paths],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert b"outbound|80|version-v2|catalog.istioinaction.svc.cluster.local" in outputs.pop()


# Writes pages for the site alone, which are not committed.
OF_THE_SITE = {"generate_codes.py"}


def defines(path: Path, function: str) -> bool:
    """True if a module has a function of this name."""
    return any(isinstance(n, ast.FunctionDef) and n.name == function for n in ast.parse(path.read_text()).body)


def test_every_module_of_rules_and_every_generator_is_listed() -> None:
    """A module that validates a kind is in the list of kinds, and a generator of files in that of generators."""
    from meshcompile.validate import MODULES

    rules = (path for path in (PACKAGE / "validate").glob("*.py") if path.stem != "__init__")
    assert {path.stem for path in rules if defines(path, "violations")} == set(MODULES.values())
    generators = {path.name for path in (ROOT / "codegen").glob("generate_*.py")}
    listed = re.findall(r'"(generate_\w+\.py)"', (ROOT / "codegen" / "generate.py").read_text())
    assert generators - OF_THE_SITE == set(listed)


def test_class_names_are_unique() -> None:
    """Class names are unique, except in models and Envoy's messages, which have the names of their APIs."""
    source = ROOT / "src" / "meshcompile"
    names = Counter(
        node.name
        for path in sorted(source.rglob("*.py"))
        if not {"models", "envoy"} & set(path.relative_to(source).parts)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    )
    assert {name for name, count in names.items() if count > 1} == set()


def test_properties_have_no_deadline() -> None:
    """A property test does not fail on a busy machine."""
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check
