"""Skipped files in a folder have no objects."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from meshcompile.source.reading import Inputs, UnreadableInput, read
from meshcompile.source.templates import ADVICE

PIECES = (
    *("apiVersion: v1\n", "kind: Service\n", "metadata: {name: a}\n", "metadata:\n  name: a\n", "spec: {}\n", "a: 1\n"),
    *('"kind": "A"\n', "  kind: B\n", "apiVersion: apps/v1\n", "items:\n", "- ", "---\n", "--- ", "# c\n", "\n", "  "),
    *("{", "}", "[", "]", ": ", ",", "\t", "'", '"', "&a ", "*a ", "<<: ", "!x ", "| \n", "%YAML 1.1\n", "\r\n", "é"),
    *("{{ .Values.a }}", "{{- if .Values.x }}\n", "${A}", '{"apiVersion": "v1", "kind": "A"}', '{"a": {"kind": "A"}}'),
)
texts = st.lists(st.sampled_from(PIECES), max_size=10).map("".join)


def outcome(path: Path) -> Inputs | None:
    try:
        return read(path)
    except UnreadableInput:
        return None


@given(texts)
def test_no_object_is_passed_over(text: str) -> None:
    """A file in a folder is foreign only if it has no object when it is passed by name, except for templates."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "a.yaml").write_text(text, newline="")
        in_folder, named = outcome(Path(folder)), outcome(Path(folder) / "a.yaml")
    if in_folder is None:
        assert named is None
    elif in_folder.sources.foreign:
        objects = [d for d in named.documents if {"apiVersion", "kind"} <= d.value.keys()] if named else []
        assert not objects or in_folder.sources.foreign[0].reason in ADVICE
    else:
        assert named is not None
        assert [d.value for d in in_folder.documents] == [d.value for d in named.documents]
