"""Folders and archives as users have them: ignored files, files to render elsewhere, and archives."""

import gzip
import io
import json
import tarfile
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

import meshcompile
from meshcompile.documents.limits import Limits
from meshcompile.errors import InvalidArgument
from meshcompile.source.ignored import Selection
from meshcompile.source.reading import UnreadableInput, read


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def namespace(name: str) -> str:
    return f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"


def names(folder: Path, **selection: object) -> list[str]:
    found = read(folder, selection=Selection(**selection))  # type: ignore[arg-type]
    return [document.name for document in found.documents]


def findings(folder: Path) -> list[tuple[str, str]]:
    """The findings without informational ones, with their positions."""
    found = read(folder).diagnostics
    return [(item.slug, str(Path(item.file).relative_to(folder))) for item in found if item.severity != "info"]


TREE = {
    name: namespace(Path(name).stem) for name in ("a.yaml", "b.yaml", "sub/c.yaml", "sub/deep/d.yaml", "out/e.yaml")
}


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ({".gitignore": "b.yaml\n"}, "adec"),
        ({".gitignore": "/a.yaml\n# b.yaml\n\n"}, "bedc"),
        ({".gitignore": "sub/\n"}, "abe"),
        ({".gitignore": "*.yaml\n!d.yaml\n"}, "d"),
        ({".gitignore": "sub/\n!sub/c.yaml\n"}, "abe"),
        ({".gitignore": "*.yaml\n", "sub/.gitignore": "!c.yaml\n"}, "c"),
        ({"sub/.gitignore": "/d.yaml\nc.yaml\n"}, "abed"),
        ({"sub/.gitignore": "deep/*.yaml\n"}, "abec"),
        ({".meshcompileignore": "out\n"}, "abdc"),
        ({".gitignore": "*.yaml\n", ".meshcompileignore": "!a.yaml\n"}, "a"),
        ({".gitignore": "!\n\\\n[z-a]\nb.yaml\n"}, "aedc"),
        ({"sub/.gitignore": "\xff\nc.yaml\n"}, "abed"),
    ],
)
def test_ignore_files(ignore: dict[str, str], left: str, tmp_path: Path) -> None:
    """Ignore files exclude what git would exclude. Invalid patterns are skipped."""
    write(tmp_path, TREE | ignore)
    assert sorted(names(tmp_path)) == sorted(left)


def test_gitignore_may_be_left_alone(tmp_path: Path) -> None:
    """`.gitignore` applies unless disabled, and `.meshcompileignore` always applies."""
    write(tmp_path, TREE | {".gitignore": "sub\n", ".meshcompileignore": "out\n"})
    assert sorted(names(tmp_path)) == ["a", "b"]
    assert sorted(names(tmp_path, gitignore=False)) == ["a", "b", "c", "d"]


def test_exclude_is_asked_first(tmp_path: Path) -> None:
    """Exclude patterns are relative to the folder, and can include again what an ignore file excludes."""
    write(tmp_path, TREE | {".gitignore": "b.yaml\n"})
    assert sorted(names(tmp_path, exclude=("/sub/c.yaml", "out/"))) == ["a", "d"]
    assert sorted(names(tmp_path, exclude=("*.yaml", "!b.yaml"))) == ["b"]
    with pytest.raises(InvalidArgument, match="pattern"):
        read(tmp_path, selection=Selection(exclude=("!",)))


def test_what_is_named_is_never_ignored(tmp_path: Path) -> None:
    """A file or folder that is passed by name is read even if it is ignored."""
    write(tmp_path, TREE | {".gitignore": "a.yaml\nsub\n", ".git/HEAD": ""})
    assert names(tmp_path / "a.yaml", exclude=("a.yaml",)) == ["a"]
    assert sorted(names(tmp_path / "sub")) == ["c", "d"]


def test_ignore_files_of_the_repository_count_in_its_folders(tmp_path: Path) -> None:
    """A folder in a repository is read as git sees it. Ignore files outside a repository do not apply."""
    write(tmp_path, TREE | {".gitignore": "/sub/deep\n*.tmp.yaml\n", "sub/x.tmp.yaml": namespace("x")})
    assert sorted(names(tmp_path / "sub")) == ["c", "d", "x"]
    (tmp_path / ".git").mkdir()
    assert sorted(names(tmp_path / "sub")) == ["c"]
    (tmp_path / "sub" / ".git").mkdir()
    assert sorted(names(tmp_path / "sub")) == ["c", "d", "x"]


def test_a_chart_is_said_once(tmp_path: Path) -> None:
    """A chart's templates and subcharts are not read, but other files in its folder are."""
    write(
        tmp_path,
        {
            "chart/Chart.yaml": "apiVersion: v2\nname: shop\n",
            "chart/values.yaml": "a: 1\n",
            "chart/templates/a.yaml": "{{ if .Values.a }}\n" + namespace("a"),
            "chart/templates/b.yaml": namespace("b"),
            "chart/charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\n",
            "chart/charts/sub/templates/c.yaml": namespace("c"),
            "chart/crds/d.yaml": namespace("d"),
            "chart/files/f.yaml": "{{ if .Values.f }}\n" + namespace("f"),
            "e.yaml": namespace("e"),
        },
    )
    assert names(tmp_path) == ["d", "e"]
    assert findings(tmp_path) == [("helm-chart", "chart/Chart.yaml")]
    (chart,) = (item for item in read(tmp_path).diagnostics if item.slug == "helm-chart")
    assert f"helm template {tmp_path / 'chart'} | meshcompile validate -f -" in chart.suggestion


def test_templates_outside_of_a_chart_are_said_once_per_folder(tmp_path: Path) -> None:
    """A file with placeholders is a template, even if it is valid YAML: its hosts are not validated."""
    host = 'apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {{name: a}}\nspec:\n  hosts: ["{}"]\n'
    write(
        tmp_path,
        {
            "a/one.yaml": host.format("*.{{ .Values.domain }}"),
            "a/two.yaml": "{{- range .Values.all }}\n" + namespace("b") + "{{- end }}\n",
            "b/three.yaml": host.format("app.${DOMAIN}"),
            "b/vars.yaml": host.format("app.$(NAMESPACE)"),
            "c/code.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
            "data: {x: '{{ .Values.a }}', y: '${B}'}\n",
        },
    )
    assert names(tmp_path) == ["c"]
    assert findings(tmp_path) == [("not-rendered", "a/one.yaml"), ("not-rendered", "b/three.yaml")]


def test_a_template_that_is_named_is_an_error(tmp_path: Path) -> None:
    """A Helm template on the command line is reported as one, once."""
    write(tmp_path, {"a.yaml": "{{- if .Values.a }}\n" + namespace("b") + "{{- end }}\n---\n{{ .Values.c }}\n"})
    with pytest.raises(UnreadableInput) as raised:
        read(tmp_path / "a.yaml")
    (found,) = raised.value.diagnostics
    assert (found.slug, found.line) == ("template", 1)
    assert "helm template" in found.suggestion


def test_a_broken_object_beside_the_text_of_a_template_is_an_error(tmp_path: Path) -> None:
    """A malformed object is not a template because another object in its file contains a placeholder."""
    config = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  t: |\n    {{- if .Values.x }}\n    {{- end }}\n"
    )
    broken = "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: a\n\tnamespace: b\n"
    write(tmp_path, {"a.yaml": f"{config}{broken}---\n{namespace('d')}"})
    for path in (tmp_path, tmp_path / "a.yaml"):
        found = read(path)
        assert [document.name for document in found.documents] == ["c", "d"]
        assert [(item.slug, item.line) for item in found.diagnostics] == [("not-yaml", 13)]


DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2}\n"


def test_a_kustomization_is_said_once(tmp_path: Path) -> None:
    """The effects of kustomizations are reported at the outermost ones. Their patches and other parts are foreign."""
    write(
        tmp_path,
        {
            "base/kustomization.yaml": "resources: [a.yaml]\nnamespace: shop\n",
            "base/a.yaml": namespace("a"),
            "prod/kustomization.yaml": "resources: [../base, b.yaml]\ncomponents: [../extra]\n"
            "patches: [{path: patch.yaml}, {patch: '- op: remove'}]\npatchesStrategicMerge: [old.yaml]\n"
            "configMapGenerator: [{name: x, files: [config=data.yaml]}]\ngenerators: [generator.yaml]\n",
            "prod/b.yaml": namespace("b"),
            "prod/patch.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n",
            "prod/old.yaml": DEPLOYMENT,
            "prod/more.yaml": DEPLOYMENT,
            "prod/data.yaml": namespace("data"),
            "prod/generator.yaml": "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: g}\n",
            "extra/kustomization.yml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
            "namePrefix: x-\n",
            "plain/kustomization.yaml": "resources: [c.yaml]\n",
            "plain/c.yaml": namespace("c"),
        },
    )
    assert names(tmp_path) == ["a", "c", "b"]
    assert findings(tmp_path) == [("kustomization", "prod/kustomization.yaml")]
    (found,) = (item for item in read(tmp_path).diagnostics if item.slug == "kustomization")
    applied = "components, configMapGenerator, generators, namePrefix, namespace, patches, patchesStrategicMerge"
    assert found.message.endswith(f": {applied}")
    reasons = {Path(item.path).name: item.reason for item in read(tmp_path).sources.foreign}
    assert reasons["patch.yaml"] == reasons["old.yaml"] == reasons["more.yaml"] == "a Kustomize patch"
    assert (reasons["generator.yaml"], reasons["data.yaml"]) == ("a Kustomize generator", "data of a ConfigMap")


def test_a_workload_without_pods_is_no_patch_where_it_is_a_resource(tmp_path: Path) -> None:
    """Only a file that no kustomization names as a resource may be a patch."""
    write(tmp_path, {"kustomization.yaml": "resources: [web.yaml]\n", "web.yaml": DEPLOYMENT})
    assert names(tmp_path) == ["web"]
    (tmp_path / "kustomization.yaml").write_text("resources: []\n")
    assert names(tmp_path) == []
    (tmp_path / "kustomization.yaml").unlink()
    assert names(tmp_path) == ["web"]


def test_kustomizations_that_make_no_sense(tmp_path: Path) -> None:
    """A malformed kustomization, or one that includes itself, does not stop reading."""
    write(
        tmp_path,
        {
            "a/kustomization.yaml": "resources: [\n",
            "b/kustomization.yaml": "resources: [../c]\nnamespace: b\n",
            "c/kustomization.yaml": "resources: [../b]\npatches: 3\n",
            "d/kustomization.yaml": "resources: [., 3, {path: [[]]}]\nnamePrefix: x\n",
            "e/Kustomization": "- a\n",
            "f/kustomization.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\n"
            "kind: Kustomization\nmetadata: {name: f}\n",
        },
    )
    assert findings(tmp_path) == [("kustomization", "d/kustomization.yaml")]
    assert names(tmp_path) == ["f"]


def test_other_languages_are_said_once(tmp_path: Path) -> None:
    """Jsonnet and CUE are not read, and each is reported once."""
    write(tmp_path, {"a.jsonnet": "{", "lib/b.libsonnet": "{", "c.cue": "x", "d.yaml": namespace("d")})
    assert findings(tmp_path) == [("not-rendered", "a.jsonnet"), ("not-rendered", "c.cue")]
    assert names(tmp_path) == ["d"]


@pytest.mark.parametrize(
    ("files", "slugs"),
    [
        ({}, ["empty-folder"]),
        ({"README.md": ""}, ["empty-folder"]),
        ({"a.yaml": "", "b.yaml": "# nothing\n---\n"}, ["no-objects"]),
        ({"package.json": "{}"}, ["no-objects"]),
        ({"a.yaml": "", "b.yaml": namespace("b")}, []),
        ({"Chart.yaml": "name: x\n"}, ["helm-chart"]),
        ({"a.yaml": "kind: A\n{{ .Values.x }}\n"}, ["not-rendered"]),
    ],
)
def test_a_folder_without_objects_says_so(files: dict[str, str], slugs: list[str], tmp_path: Path) -> None:
    """A folder without readable files is a warning. An empty file next to others is not."""
    assert [slug for slug, _ in findings(write(tmp_path, files))] == slugs


def archive(path: Path, files: Mapping[str, str | tarfile.TarInfo], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as packed:  # type: ignore[call-overload]
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                content.name = name
                packed.addfile(content)
            else:
                member = tarfile.TarInfo(name)
                member.size = len(content.encode())
                packed.addfile(member, io.BytesIO(content.encode()))
    return path


def special(kind: bytes, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo()
    member.type, member.linkname = kind, target
    return member


@pytest.mark.parametrize(("name", "mode"), [("a.tar", "w"), ("a.tar.gz", "w:gz"), ("a.tgz", "w:gz"), ("b.tgz", "w")])
def test_an_archive_is_read_as_a_folder(name: str, mode: str, tmp_path: Path) -> None:
    """The files in an archive are read like those in a folder, and positions name the archive and the file."""
    files = {
        "x/b.yaml": namespace("b") + "---\n" + namespace("c"),
        "x/a.yaml": namespace("a"),
        "x/package.json": "{}",
        "x/README.md": "hello",
        "x/.git/config.yaml": namespace("no"),
        "x/chart/Chart.yaml": "name: x\n",
        "x/chart/templates/no.yaml": namespace("no"),
    }
    path = archive(tmp_path / name, files, mode)
    found = read(path)
    assert [
        str(document.position()) and f"{document.file}:{document.position().line}" for document in found.documents
    ] == [
        f"{path}!x/a.yaml:1",
        f"{path}!x/b.yaml:1",
        f"{path}!x/b.yaml:5",
    ]
    assert [item.slug for item in found.diagnostics if item.severity != "info"] == ["helm-chart"]
    assert {item.path.rpartition("/")[2] for item in found.sources.foreign} == {"package.json", "Chart.yaml", "no.yaml"}


def test_hostile_archives(tmp_path: Path) -> None:
    """Links, devices and paths that lead outside an archive are not read, and each is reported."""
    files: dict[str, str | tarfile.TarInfo] = {
        "../out.yaml": namespace("no"),
        "/root.yaml": namespace("no"),
        "a/../../up.yaml": namespace("no"),
        "link.yaml": special(tarfile.SYMTYPE, "/etc/passwd"),
        "hard.yaml": special(tarfile.LNKTYPE, "good.yaml"),
        "device.yaml": special(tarfile.CHRTYPE),
        "pipe.yaml": special(tarfile.FIFOTYPE),
        "good.yaml": namespace("good"),
        "in/../also.yaml": namespace("also"),
    }
    found = read(archive(tmp_path / "a.tgz", files))
    assert [document.name for document in found.documents] == ["also", "good"]
    assert [item.slug for item in found.diagnostics] == ["archive-member"] * 7
    assert list(tmp_path.iterdir()) == [tmp_path / "a.tgz"]


def refusal(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(UnreadableInput) as raised:
        read(path, limits or Limits())
    return raised.value.diagnostics[0].slug


def test_archives_that_are_too_large(tmp_path: Path) -> None:
    """An archive that unpacks to too much data is rejected before it is unpacked."""
    bomb = tmp_path / "a.tar.gz"
    member = tarfile.TarInfo("a.yaml")
    member.size = 2**40
    with gzip.open(bomb, "wb") as packed:
        packed.write(member.tobuf())
        for _ in range(64):
            packed.write(b"\0" * 2**20)
    start = time.process_time()
    assert refusal(bomb, Limits(archive_size=2**20)) == "too-large"
    assert time.process_time() - start < 2
    many = archive(tmp_path / "b.tar", {f"{i}.yaml": "" for i in range(11)}, "w")
    assert refusal(many, Limits(archive_members=10)) == "too-large"
    assert read(many, Limits(archive_members=11)).documents == ()


@pytest.mark.parametrize(
    "data",
    [b"", b"no archive", b"\x1f\x8b", b"\x1f\x8b" + b"x" * 30, gzip.compress(b"x" * 2000), b"\0" * 100],
    ids=["empty", "text", "start of gzip", "broken gzip", "gzip of text", "zeros"],
)
def test_broken_archives(data: bytes, tmp_path: Path) -> None:
    """A file that is not an archive is rejected."""
    (tmp_path / "a.tgz").write_bytes(data)
    assert refusal(tmp_path / "a.tgz") == "broken-archive"


def test_an_archive_that_is_cut_off(tmp_path: Path) -> None:
    """A truncated archive is rejected as a whole."""
    path = archive(tmp_path / "a.tgz", {f"{i}.yaml": namespace(str(i)) for i in range(500)})
    path.write_bytes(path.read_bytes()[:1000])
    assert refusal(path) == "broken-archive"
    assert refusal(tmp_path / "missing.tgz") == "no-such-file"


def test_a_bug_report(tmp_path: Path) -> None:
    """In a bug report, only the dumps of objects are read. Their names have no extension."""

    def dump(*names: str) -> str:
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "List",
                "items": [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names],
            }
        )

    files = {
        "bug-report/cluster/k8s-resources": dump("a", "b"),
        "bug-report/cluster/k8s-cluster-resources": dump("c"),
        "bug-report/cluster/crs": dump("d"),
        "bug-report/cluster/secrets": "NAMESPACE   NAME   TYPE\na  b  Opaque\n",
        "bug-report/cluster/events": "LAST SEEN\n",
        "bug-report/cluster/nodes": dump("c"),
        "bug-report/istio/istio-system/istiod-1/debug/configz.json": "[" + namespace("no") + "]",
        "bug-report/proxies/a/b/config_dump.json": "{}",
    }
    path = archive(tmp_path / "bug-report.tar.gz", files)
    assert sorted(document.name for document in read(path).documents) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    "text",
    [
        '{"kind": "A"}\n{"kind": "B"}\n',
        '{"kind": "A"}{"kind": "B"}',
        '{"kind": "A"} {\n  "kind": "B"\n}\n\n',
        '{"kind": "List", "items": [{"kind": "A"}]}\n{"kind": "B"}\n---\n# end\n',
    ],
)
def test_streams_of_json(text: str) -> None:
    """JSON objects can follow each other with or without line breaks, and every position is correct."""
    found = read(text)
    assert [document.kind for document in found.documents] == ["A", "B"]
    assert found.diagnostics == ()
    line, column = found.documents[1].position(("kind",))
    assert text.splitlines()[line - 1][column - 1 :].startswith('"kind": "B"')


def test_a_broken_object_in_a_stream_of_json() -> None:
    """An error in a stream of JSON has its position, and earlier objects are read."""
    found = read('{"kind": "A"}\n{"kind": "B"}\n{"kind": "C", ]\n')
    assert [document.kind for document in found.documents] == ["A", "B"]
    assert [(item.slug, item.line) for item in found.diagnostics] == [("not-yaml", 3)]


def test_texts_of_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A single-line text is a text, unless a file has that name. Bytes are always a text."""
    assert [
        document.kind for document in read(["kind: A", b"kind: B", '[{"kind": "C"}]', b'{"kind": "D"}']).documents
    ] == ["A", "B", "D"]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kind: A").write_text("kind: Z\n")
    assert [document.kind for document in read("kind: A").documents] == ["Z"]


def test_bytes_that_are_no_text() -> None:
    """Bytes that are not UTF-8 are rejected."""
    with pytest.raises(UnreadableInput, match="not UTF-8"):
        read(b"kind: \xff\n")


def test_large_files_of_others_take_little_time(tmp_path: Path) -> None:
    """A lock file of five megabytes and an OpenAPI description of one are only scanned, not parsed."""
    packages = {
        f"node_modules/p{i}": {"version": "1.0.0", "kind-of": "x", "resolved": "https://x/" * 10} for i in range(35_000)
    }
    schemas = "".join(f"    S{i}:\n      properties:\n        kind: {{type: string}}\n" for i in range(20_000))
    write(
        tmp_path,
        {
            "package-lock.json": json.dumps({"lockfileVersion": 3, "packages": packages}, indent=1),
            "api.yaml": f"openapi: 3.0.0\ninfo: {{}}\ncomponents:\n  schemas:\n{schemas}",
            "a.yaml": namespace("a"),
        },
    )
    assert (tmp_path / "package-lock.json").stat().st_size > 5_000_000
    start = time.process_time()
    assert names(tmp_path) == ["a"]
    assert time.process_time() - start < 2


def test_other_encodings_in_a_folder(tmp_path: Path) -> None:
    """A file that is not UTF-8 is an error if it appears to have an object, and foreign otherwise."""
    (tmp_path / "binary.json").write_bytes(bytes(range(256)))
    (tmp_path / "latin.yaml").write_bytes("name: é\n".encode("latin-1"))
    (tmp_path / "a.yaml").write_text(namespace("a"))
    assert [Path(item.path).name for item in read(tmp_path).sources.foreign] == ["binary.json", "latin.yaml"]
    (tmp_path / "wide.yaml").write_bytes(namespace("b").encode("utf-16"))
    assert refusal(tmp_path) == "not-utf8"


def test_suggestions_for_missing_files(tmp_path: Path) -> None:
    """Only a file with a similar stem is suggested."""
    write(tmp_path, {"empty.yaml": "", "gateway.yaml": ""})

    def suggestion(name: str) -> str:
        with pytest.raises(UnreadableInput) as raised:
            read(tmp_path / name)
        return raised.value.diagnostics[0].suggestion

    assert suggestion("nonexist.yaml") == ""
    assert "gateway.yaml" in suggestion("gatway.yaml")
    assert "gateway.yaml" in suggestion("gateway.yml")


def test_load_takes_what_to_leave_out(tmp_path: Path) -> None:
    """`load` skips files that `exclude` matches, and reads files that `.gitignore` matches only on request."""
    write(tmp_path, TREE | {".gitignore": "b.yaml\n"})
    assert meshcompile.load(tmp_path, exclude=["sub"]).sources.documents == 2
    assert meshcompile.load(tmp_path, gitignore=False).sources.documents == 5
