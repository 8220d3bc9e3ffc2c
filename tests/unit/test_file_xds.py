from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import meshcompile
from meshcompile.output.file_xds import file_name, xds_files
from meshcompile.serve import xds_folder
from meshcompile.serve.followed_mesh import FollowedMesh, MeshAccepted, MeshRefused, MeshUnchanged
from meshcompile.serve.xds_folder import FolderFile, replace_files
from meshcompile.source import following

COOLSTORE = Path(__file__).resolve().parents[2] / "examples" / "coolstore"
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec: {{clusterIP: 10.0.0.1, ports: [{{name: http, port: {port}}}]}}
"""


def paths(value: Any) -> set[str]:
    """The paths of all files that a value refers to."""
    match value:
        case {"pathConfigSource": {"path": str(path)}}:
            return {path}
        case dict():
            return set().union(*map(paths, value.values()))
        case list():
            return set().union(*map(paths, value))
        case _:
            return set()


def test_every_file_that_is_named_is_there() -> None:
    """The files and the bootstrap name each other: no file is missing, and none is named by nobody."""
    mesh = meshcompile.load(COOLSTORE)
    for proxy in mesh.proxies():
        config = mesh.compile(proxy)
        files = xds_files(config.bootstrap(), config.resources, config.credentials, "/etc/envoy")
        named = set().union(*(paths(json.loads(file.content)) for file in files))
        assert named == {f"/etc/envoy/{file.path}" for file in files if file.kind != "bootstrap"}
        assert {file.kind for file in files} >= {"listeners", "clusters", "endpoints", "bootstrap"}


def test_versions_come_from_the_content() -> None:
    """Two loads of the same input give the same bytes."""
    contents = []
    for _ in range(2):
        config = meshcompile.load(COOLSTORE).compile("deployment/webapp.istioinaction")
        contents.append(xds_files(config.bootstrap(), config.resources, config.credentials, "/etc/envoy"))
    assert contents[0] == contents[1]


@given(st.text(min_size=1), st.text(min_size=1))
def test_file_names_are_safe_and_different(one: str, other: str) -> None:
    """A name stays in its folder, and differs from that of any other resource even if upper case does not count."""
    assert "/" not in file_name(one)
    assert len(file_name(one).encode()) < 255
    assert not file_name(one).startswith(".")
    assert one == other or file_name(one).lower() != file_name(other).lower()


def clusters(*names: str) -> bytes:
    lines = ",\n".join(json.dumps({"name": name}) for name in names)
    return f'{{"versionInfo":"1","resources":[\n{lines}\n]}}\n'.encode()


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes]]:
    """What is written, in order."""
    found: list[tuple[str, bytes]] = []
    write = xds_folder._write

    def recorded(path: Path, content: bytes, mode: int) -> None:
        if path.name != xds_folder.MANIFEST:
            found.append((path.name, content))
        write(path, content, mode)

    monkeypatch.setattr(xds_folder, "_write", recorded)
    monkeypatch.setattr(xds_folder, "GRACE", 0.0)
    return found


def test_clusters_leave_last(tmp_path: Path, moves: list[tuple[str, bytes]]) -> None:
    """A new file is there before others name it, and a cluster stays until the routes are replaced."""
    before = [FolderFile("a/cds.json", "clusters", clusters("x", "y")), FolderFile("a/rds/80.json", "routes", b"1")]
    replace_files(tmp_path, before, complete=True)
    moves.clear()
    now = [
        FolderFile("a/cds.json", "clusters", clusters("y", "z")),
        FolderFile("a/eds/z.json", "endpoints", b"1"),
        FolderFile("a/rds/80.json", "routes", b"2"),
    ]
    change = replace_files(tmp_path, now, complete=True)
    assert [name for name, _ in moves] == ["z.json", "cds.json", "80.json", "cds.json"]
    interim = json.loads(moves[1][1])["resources"]
    assert [each["name"] for each in interim] == ["y", "z", "x"]
    assert (tmp_path / "a" / "cds.json").read_bytes() == clusters("y", "z")
    assert change.proxies == ("a",)


def test_what_is_as_before_is_not_touched(tmp_path: Path, moves: list[tuple[str, bytes]]) -> None:
    """A second run with the same content replaces no file, and files of others stay."""
    files = [FolderFile("a/cds.json", "clusters", clusters("x")), FolderFile("b/cds.json", "clusters", clusters("x"))]
    replace_files(tmp_path, files, complete=True)
    (tmp_path / "b" / "mine.txt").write_text("mine")
    moves.clear()
    assert not replace_files(tmp_path, files[:1], complete=False).proxies
    assert replace_files(tmp_path, files[:1], complete=True).removed == ("b/cds.json",)
    assert moves == []
    assert (tmp_path / "b" / "mine.txt").exists()


def test_the_manifest_is_not_trusted(tmp_path: Path) -> None:
    """Paths that lead out of the folder are not removed."""
    outside = tmp_path / "out.json"
    outside.write_text("{}")
    folder = tmp_path / "xds"
    folder.mkdir()
    (folder / xds_folder.MANIFEST).write_text(json.dumps({"files": ["../out.json", "a/../../out.json", 1]}))
    replace_files(folder, [], complete=True)
    assert outside.exists()


def test_a_full_disk_leaves_the_last_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be written leaves the earlier one as it is, and nothing beside it."""
    replace_files(tmp_path, [FolderFile("a/cds.json", "clusters", clusters("x"))], complete=True)

    def full(path: Path, target: Path) -> Path:
        assert path.exists()
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        replace_files(tmp_path, [FolderFile("a/cds.json", "clusters", clusters("y"))], complete=True)
    assert (tmp_path / "a" / "cds.json").read_bytes() == clusters("x")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["cds.json"]


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_only_the_user_may_read_secrets(tmp_path: Path) -> None:
    """Files with secrets or private keys are for the owner alone from the start, and become so if they are not."""
    key = b'{"privateKey":{"inlineString":"-----BEGIN PRIVATE KEY-----"}}'
    files = [
        FolderFile("a/sds/key.json", "secrets", b"{}"),
        FolderFile("a/lds.json", "listeners", key),
        FolderFile("a/cds.json", "clusters", clusters("x")),
    ]
    (tmp_path / "a" / "sds").mkdir(parents=True)
    left = tmp_path / "a" / "sds" / ".key.json.new"
    left.write_text("of a process that was killed")
    left.chmod(0o666)
    replace_files(tmp_path, files, complete=True)
    assert [mode(tmp_path / file.path) for file in files] == [0o600, 0o600, 0o666 & ~umask()]
    (tmp_path / "a" / "sds" / "key.json").chmod(0o644)
    assert replace_files(tmp_path, files, complete=True).written == ("a/sds/key.json",)
    assert mode(tmp_path / "a" / "sds" / "key.json") == 0o600


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.fixture
def followed(tmp_path: Path) -> FollowedMesh:
    folder = tmp_path / "mesh"
    folder.mkdir()
    (folder / "web.yaml").write_text(SERVICE.format(port=80))
    return FollowedMesh(meshcompile.load(folder), [str(folder)])


def edited(followed: FollowedMesh, text: str | None) -> object:
    """The outcome of an edit of the only file; None removes it."""
    file = Path(followed.paths[0]) / "web.yaml"
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    return followed.after({str(file): text is not None})


def test_an_edit_with_new_errors_is_refused(followed: FollowedMesh) -> None:
    """The last mesh stays in force until the errors are gone. A comment changes nothing."""
    first = followed.good
    refused = edited(followed, SERVICE.format(port=123456))
    assert isinstance(refused, MeshRefused)
    assert [found.slug for found in refused.diagnostics] == ["invalid-port"]
    assert isinstance(edited(followed, "{{{"), MeshRefused)
    assert followed.good is first
    assert isinstance(edited(followed, "# mine\n" + SERVICE.format(port=80)), MeshUnchanged)
    accepted = edited(followed, SERVICE.format(port=81))
    assert isinstance(accepted, MeshAccepted)
    assert accepted.mesh is followed.good


def test_a_folder_that_vanishes_changes_nothing(followed: FollowedMesh, tmp_path: Path) -> None:
    """Without its folder or without any object, the last mesh stays in force; it follows again when they are back."""
    first = followed.good
    assert edited(followed, None) == MeshRefused("no object is left in the input")
    folder = tmp_path / "mesh"
    folder.rmdir()
    assert followed.after({}) == MeshRefused(f"{folder} is gone")
    folder.mkdir()
    assert followed.good is first
    assert isinstance(edited(followed, SERVICE.format(port=82)), MeshAccepted)


def test_an_edit_is_complete_when_it_rests_or_after_ten_seconds() -> None:
    """Files that change without end are read after ten seconds, by a clock that never jumps."""
    now, looks = [0.0], iter(range(1000))

    def sleep(seconds: float) -> None:
        now[0] += seconds

    resting = iter([{"a": (1, 1, 1)}, {"a": (2, 1, 1)}, {"a": (2, 1, 1)}])
    assert following.settled(lambda: next(resting), sleep, lambda: now[0]) == {"a": (2, 1, 1)}
    assert now[0] == pytest.approx(0.2)
    following.settled(lambda: {"a": (next(looks), 1, 1)}, sleep, lambda: now[0])
    assert now[0] == pytest.approx(10.3, abs=0.2)


def test_a_folder_that_vanishes_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a folder is gone, the files are looked at again and again instead of waiting for notifications."""
    monkeypatch.setattr(following, "EVERY", 0.0)
    monkeypatch.setattr(following, "_notifications", lambda folders: iter([None] * 2))
    folder = tmp_path / "mesh"
    folder.mkdir()
    signals = following._signals([str(folder)])
    next(signals)
    folder.rmdir()
    assert [next(signals) for _ in range(5)] == [None] * 5
