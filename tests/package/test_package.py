"""The wheel and the sdist: built, installed and run as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

import msgspec
import pytest

import meshcompile

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def built(source: Path, folder: Path, what: str) -> Path:
    """The file that the build backend builds from a source tree, without the network."""
    build = f"import hatchling.build as b; print(b.build_{what}({str(folder)!r}))"
    return folder / run(sys.executable, "-c", build, cwd=source).splitlines()[-1]


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT, tmp_path_factory.mktemp("sdist"), "sdist")


@pytest.fixture(scope="module")
def unpacked(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    return source


@pytest.fixture(scope="module")
def wheel(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist, as on platforms without a wheel."""
    return built(unpacked, tmp_path_factory.mktemp("wheel"), "wheel")


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment with the wheel, and with its dependencies from this environment."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    run(sys.executable, "-m", "pip", "--python", folder, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    (packages / "shared.pth").write_text(f"{Path(msgspec.__file__).parents[1]}\n")
    return folder / "bin"


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode())


def test_the_wheel_is_installed_and_runs(installed: Path, tmp_path: Path) -> None:
    """The command and the package of the wheel work outside the project, including files other than Python."""
    assert meshcompile.__version__ in run(installed / "meshcompile", "version", cwd=tmp_path)
    assert "\nBad:\n" in run(installed / "meshcompile", "rule", "MC0204", cwd=tmp_path)
    program = (
        "import meshcompile; from meshcompile.envoy.descriptors import descriptor;"
        "descriptor('envoy.config.route.v3.Route');"
        f"mesh = meshcompile.load({str(ROOT / 'examples' / 'coolstore')!r});"
        "print(meshcompile.__file__, len(mesh.compile('deployment/webapp.istioinaction').clusters))"
    )
    file, clusters = run(installed / "python", "-c", program, cwd=tmp_path).split()
    assert Path(file).is_relative_to(installed.parent)
    assert int(clusters) > 5


def test_the_wheel_has_the_whole_package(wheel: Path) -> None:
    """The wheel has every file of the package that is under version control, and no others."""
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == {str(path.relative_to(ROOT / "src")) for path in tracked("src/meshcompile")}


def tracked(folder: str) -> Iterator[Path]:
    """The files in a folder, without generated ones."""
    yield from (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def test_the_sdist_has_what_it_takes_to_test(unpacked: Path) -> None:
    """The sdist has everything to read, build and test: sources, tests, generators, lock files and pages."""
    for name in (
        *("README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile", "pyproject.toml"),
        *("mkdocs.yml", ".importlinter", "docs/index.md", "requirements/dev.txt", "schemas", "examples/coolstore"),
        *("tests/conftest.py", "tests/conformance/istiod-1.30.3.tar.xz", "codegen/generate.py", "bench/__main__.py"),
    ):
        assert (unpacked / name).exists(), name
    assert not list(unpacked.rglob("__pycache__"))
    assert not (unpacked / ".venv").exists()


def test_the_metadata_say_what_it_is(wheel: Path) -> None:
    """The metadata has authors, license, links and the text of the README. The base needs few packages."""
    found = metadata(wheel)
    assert (found["Name"], found["License-Expression"]) == ("meshcompile", "Apache-2.0")
    assert found["Author"]
    assert {"Homepage", "Changelog", "Issues"} <= {link.partition(",")[0] for link in found.get_all("Project-URL", [])}
    assert str(found.get_payload()).startswith("# meshcompile")
    needed = [line for line in found.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert {line.split(">")[0] for line in needed} <= {"msgspec", "pydantic", "pyyaml", "pathspec"}
    assert set(found.get_all("Provides-Extra", [])) >= {"envoy", "betterproto", "jwt"}
