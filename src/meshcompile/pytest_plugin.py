"""Runs `*.meshtest.yaml` files with pytest, and gives the fixtures `mesh` and `explain`.

    pytest --mesh-files deploy/

pytest finds the plugin by its entry point. Without `--mesh-files` and without `mesh_files` in its configuration, the
plugin does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # pytest loads the plugin in every project, so nothing of the compiler is imported before it is used
    from meshcompile import Diagnostic, Mesh, Request, Trace
    from meshcompile.testing.judge import Judge
    from meshcompile.testing.suites import MeshTest

INPUT = "mesh_files"
SUITES = (".meshtest.yaml", ".meshtest.yml", ".meshtest.json")
MESH = pytest.StashKey["Mesh"]()
JUDGE = pytest.StashKey["Judge"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option, and the setting of the configuration file."""
    group = parser.getgroup("meshcompile")
    group.addoption(
        "--mesh-files", action="append", nargs="?", const="", default=[], metavar="PATH",
        help="input of the mesh, and run *.meshtest.yaml files (without a PATH: `mesh_files`, else the root folder)",
    )  # fmt: skip
    parser.addini(INPUT, "files and folders of the mesh, relative to the root folder", type="paths", default=[])


def pytest_collect_file(file_path: Any, parent: pytest.Collector) -> pytest.Collector | None:
    """The tests of a suite, if there is a mesh to test."""
    if file_path.name.endswith(SUITES) and _is_asked(parent.config):
        suite: pytest.Collector = MeshSuite.from_parent(parent, path=file_path)
        return suite
    return None


@pytest.fixture(scope="session")
def mesh(pytestconfig: pytest.Config) -> Mesh:
    """The mesh of `--mesh-files`."""
    if not _is_asked(pytestconfig):
        pytest.fail("no mesh: pass --mesh-files PATH, or set `mesh_files` in pytest's configuration", pytrace=False)
    return _mesh(pytestconfig)


@pytest.fixture(scope="session")
def explain(mesh: Mesh) -> Callable[..., Trace]:
    """Explains a request: `explain({"from": "deployment/web.shop", "url": "http://catalog/"})`.

    It takes a Request, the mapping of `Request.from_dict`, or the fields of a Request as keywords.
    """
    from meshcompile import Request

    def explained(request: Request | Mapping[str, Any] | None = None, **fields: Any) -> Trace:
        match request:
            case None:
                return mesh.explain(Request(**fields))
            case Request():
                return mesh.explain(request)
            case _:
                return mesh.explain(Request.from_dict(request))

    return explained


class MeshSuite(pytest.File):
    """A file of tests."""

    def collect(self) -> Iterator[pytest.Item]:
        from meshcompile.diagnostics import Diagnostic
        from meshcompile.documents import Document
        from meshcompile.source.suites import suite_documents
        from meshcompile.testing.suites import suites

        found = list(suite_documents([str(self.path)]))
        reading = suites(each for each in found if isinstance(each, Document))
        for number, problem in enumerate(
            (*(each for each in found if isinstance(each, Diagnostic)), *reading.diagnostics)
        ):
            yield MeshProblemItem.from_parent(self, name=f"suite problem {number + 1}", problem=problem)
        for test in reading.tests:
            yield MeshTestItem.from_parent(self, name=test.name, test=test)


class MeshTestItem(pytest.Item):
    """One test of a suite."""

    def __init__(self, *, test: MeshTest, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.test = test

    def runtest(self) -> None:
        verdict = _judge(self.config).verdict(self.test)
        if not verdict.passed:
            from meshcompile.findings.colours import uncoloured
            from meshcompile.testing.formats.text import failure

            raise MeshTestFailure("\n".join(failure(verdict, uncoloured)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if excinfo.errisinstance(MeshTestFailure) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int, str]:
        return self.path, self.test.origin.line - 1, self.name


class MeshProblemItem(pytest.Item):
    """A mistake in a suite, as a test that fails."""

    def __init__(self, *, problem: Diagnostic, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.problem = problem

    def runtest(self) -> None:
        raise MeshTestFailure(f"{self.problem}\n{self.problem.suggestion}".strip())

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if excinfo.errisinstance(MeshTestFailure) else super().repr_failure(excinfo, style)


class MeshTestFailure(Exception):
    """What is wrong, as a text."""


def _is_asked(config: pytest.Config) -> bool:
    return bool(config.getoption("--mesh-files") or config.getini(INPUT))


def _mesh(config: pytest.Config) -> Mesh:
    """The mesh, loaded once."""
    if MESH not in config.stash:
        import meshcompile

        given = [path for path in config.getoption("--mesh-files") if path]
        config.stash[MESH] = meshcompile.load(given or config.getini(INPUT) or [config.rootpath])
    return config.stash[MESH]


def _judge(config: pytest.Config) -> Judge:
    """The judge of all suites, so that each proxy is compiled once."""
    if JUDGE not in config.stash:
        from meshcompile.testing.judge import Judge

        config.stash[JUDGE] = Judge(_mesh(config))
    return config.stash[JUDGE]
