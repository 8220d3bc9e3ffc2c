"""Reading YAML and JSON preserves the data."""

import json
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from meshcompile.documents.document import Document
from meshcompile.documents.limits import DEFAULT_LIMITS
from meshcompile.documents.position import SourceSpan
from meshcompile.documents.stream import Reader
from meshcompile.source.reading import read
from meshcompile.values.durations import LARGEST, SMALLEST, Duration

letters = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff\u2028\u2029")
texts = st.text(letters, max_size=80)  # YAML allows a key 1024 characters, including escapes
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | texts
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4))
objects = st.dictionaries(texts, values, min_size=1, max_size=4).filter(lambda value: "kind" not in value)


def quoted(value: Any, **style: Any) -> str:
    """YAML in which every string is quoted, because PyYAML's rules for quotes differ."""
    return str(yaml.dump(value, Dumper=Quoting, allow_unicode=True, sort_keys=False, **style))


class Quoting(yaml.SafeDumper):
    """Quotes every string, and uses no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


@given(values)
def test_yaml_reads_back(value: Any) -> None:
    """Data that is written as YAML, in block or flow style, is read back unchanged."""
    for flow in (False, True):
        parts = [part.value for part in Reader(DEFAULT_LIMITS).stream(quoted(value, default_flow_style=flow))]
        assert parts == ([] if value is None else [value])


@given(objects)
def test_json_is_yaml(value: dict[str, Any]) -> None:
    """JSON is read with JSON's semantics, regardless of escapes."""
    for ascii_only in (False, True):
        assert [document.value for document in read(json.dumps(value, ensure_ascii=ascii_only)).documents] == [value]


@given(st.lists(objects, max_size=4), st.sampled_from(["---\n", "--- # next\n", "---\n# comment\n", "---\n---\n"]))
def test_streams_hold_the_same_as_their_documents(value: list[dict[str, Any]], separator: str) -> None:
    """Documents in one stream are read like separate documents, with positions shifted by the lines before."""
    alone = [read(quoted(item)).documents[0] for item in value]
    together = read("\n" + separator.join(quoted(item) for item in value)).documents
    assert [document.value for document in together] == value
    lines = [document.position().line for document in together]
    for single, joined, line in zip(alone, together, lines, strict=True):
        assert every_place(joined, 0) == every_place(single, line - 1)


@given(st.lists(objects, min_size=1, max_size=4))
def test_lists_hold_the_same_as_their_items(value: list[dict[str, Any]]) -> None:
    """Every position in an item of a list is correct for the whole text."""
    text = quoted({"kind": "List", "items": value})
    whole = next(Reader(DEFAULT_LIMITS).stream(text))
    items = read(text).documents
    assert [document.value for document in items] == whole.value["items"] == value
    lines = text.splitlines()
    for document in items:
        for key in document.value:
            line, column = document.position((key,))
            assert lines[line - 1][column - 1] in '"?'


@given(st.integers(SMALLEST, LARGEST))
def test_durations_read_back(nanoseconds: int) -> None:
    """The printed form of every duration is read as the same duration."""
    duration = Duration(nanoseconds)
    assert Duration.parse(duration.json) == duration


def every_place(document: Document, lines: int) -> list[tuple[int, int]]:
    """All positions in a document, shifted by a number of lines."""

    def below(place: SourceSpan) -> list[tuple[int, int]]:
        here = [(position.line + lines, position.column) for position in (place.key, place.start)]
        return [*here, *(position for child in place.children.values() for position in below(child))]

    return below(document.place())
