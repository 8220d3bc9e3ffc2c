"""Files in folders that are not Kubernetes objects, and those that appear to be."""

from pathlib import Path

import pytest

import meshcompile
from meshcompile.source.reading import UnreadableInput, read
from meshcompile.source.recognise import TYPED, UNTYPED, Recogniser

FOREIGN = {
    "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "values.yaml": "kind: DaemonSet\nmetadata: {a: b}\n",
    "values-prod.yaml": "replicas: 2\n",
    "kustomization.yaml": "resources: [a.yaml]\n",
    "k.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\n",
    "docker-compose.yml": "services: {web: {image: nginx}}\n",
    "package.json": '{"name": "shop", "version": "1.0.0"}',
    "tsconfig.json": '{\n  // comments\n  "compilerOptions": {},\n}\n',
    "api.yaml": "openapi: 3.0.0\ninfo: {title: x}\ncomponents: {schemas: {A: {properties: {kind: {type: string}}}}}\n",
    "pipeline.yaml": "on: push\njobs: {}\n",
    "agent.yaml": "kind: Agent\nmetadata: {name: a}\ncommands: {}\n",
    "drone.yaml": "kind: pipeline\nname: default\n",
    "skaffold.yaml": "apiVersion: skaffold/v4beta11\nkind: Config\nmetadata: {name: shop}\n",
    "kubeconfig.yaml": "apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n",
    "patch.yaml": "- op: replace\n  path: /spec\n  value: {kind: A}\n",
    "list.yaml": "- a\n- b\n",
    "text.yaml": "just text\n",
    "number.json": "3",
    "broken.yaml": "a: b: c\n",
    "twice.yaml": "a: 1\na: 2\n",
    "template.yaml": "{{- if .Values.x }}\napiVersion: v1\nkind: Service\n{{- end }}\n",
    "jinja.yaml": "{% if x %}\napiVersion: v1\nkind: Service\n{% endif %}\n",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_file_is_counted(name: str, tmp_path: Path) -> None:
    """A file in a folder that does not appear to be an object is counted, and has no finding."""
    (tmp_path / name).write_text(FOREIGN[name])
    found = read(tmp_path)
    assert (found.documents, [item.path for item in found.sources.foreign]) == ((), [str(tmp_path / name)])
    assert [item.severity for item in found.diagnostics if item.slug == "foreign-file"] == ["info"]
    assert "error" not in [item.severity for item in found.diagnostics]


@pytest.mark.parametrize("name", sorted(set(FOREIGN) - {"k.yaml", "skaffold.yaml", "kubeconfig.yaml"}))
def test_a_foreign_file_that_is_named_is_an_error(name: str, tmp_path: Path) -> None:
    """The same file is an error if it is passed by name."""
    (tmp_path / name).write_text(FOREIGN[name])
    try:
        found = meshcompile.load(tmp_path / name).diagnostics
    except UnreadableInput as unreadable:
        found = unreadable.diagnostics
    assert "error" in [item.severity for item in found]


TRYING = {
    "no kind": "apiVersion: networking.istio.io/v1\nmetadata: {name: a}\nspec: {}\n",
    "no apiVersion": "kind: VirtualService\n",
    "misspelled": "ApiVersion: networking.istio.io/v1\nKind: VirtualService\nmetadata: {name: a}\n",
    "no type": "metadata: {name: a}\nspec: {hosts: []}\n",
    "in a list": "- apiVersion: v1\n  kind: Service\n",
    "items without a kind": "items:\n  - apiVersion: v1\n    kind: Service\n",
    "a tab": "apiVersion: v1\nkind: Service\nmetadata:\n\tname: a\n",
    "a wrong indentation": "apiVersion: v1\nkind: Service\nmetadata:\n   name: a\n  namespace: b\n",
    "the second document": "a: 1\n---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\n",
    "a key twice": "apiVersion: v1\nkind: Service\nkind: Service\n",
    "indented": "  apiVersion: v1\n  kind: Service\n",
    "JSON": '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a",}, "x": [}',
}


@pytest.mark.parametrize("text", TRYING.values(), ids=TRYING)
def test_what_tries_to_be_an_object_is_an_error(text: str, tmp_path: Path) -> None:
    """A document in a folder that appears to be an object, but is invalid, is an error."""
    (tmp_path / "a.yaml").write_text(text)
    try:
        mesh = meshcompile.load(tmp_path)
        found, foreign = mesh.diagnostics, mesh.sources.foreign
    except UnreadableInput as unreadable:
        found, foreign = unreadable.diagnostics, ()
    assert foreign == ()
    assert "error" in [item.severity for item in found]


@pytest.mark.parametrize("row", [*TYPED, *UNTYPED], ids=lambda row: row.what)
def test_every_recogniser_recognises(row: Recogniser, tmp_path: Path) -> None:
    """A file with the name, type or keys of a row gets the description of that row, whatever comes before it."""
    names = [
        name.replace("[-._]*", "-x").replace("[-.]*", "-x").replace("[-._]", "-").replace("*", "x")
        for name in row.names
    ]
    files = {name if "." in name else f"{name}.yaml": "a: 1\n" for name in names if not name.startswith(".")}
    files |= {f"type{i}.yaml": f"apiVersion: {start}v1\nkind: A\n" for i, start in enumerate(row.api_versions)}
    files |= {
        f"key{i}.yaml": "".join(f"{key}: 1\n" for key in keys.split())
        + ("apiVersion: v1\nkind: Config\n" * (row in TYPED))
        for i, keys in enumerate(row.keys)
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert [(Path(item.path).name, item.reason) for item in read(tmp_path).sources.foreign] == sorted(
        (name, row.what) for name in files
    )


def test_sources_are_counted(tmp_path: Path) -> None:
    """A mesh has the number of objects and files, and the foreign files."""
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\n" * 2)
    (tmp_path / "b.yaml").write_text("# nothing\n")
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    sources = meshcompile.load(tmp_path, clusters={"b": {"apiVersion": "v1", "kind": "Namespace"}}).sources
    assert (sources.files, sources.documents) == (2, 3)
    assert [(Path(item.path).name, item.reason) for item in sources.foreign] == [("compose.yaml", "a Compose file")]
