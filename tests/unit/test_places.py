"""Lines and columns of what was read."""

from meshcompile.documents import NOWHERE, Document, Origin
from meshcompile.source.reading import read

TEXT = """\
# a comment first
a: &x
  b: 1
  on: [1, {c: 2}]
d: *x
e:
  <<: *x
  f: {g: "h"}
l:
- q
-
  z: 1
"""


def only(text: str) -> Document:
    (document,) = read(text).documents
    return document


def places(document: Document, *paths: tuple[str | int, ...]) -> list[str]:
    return [f"{line}:{column}" for line, column in (document.position(path) for path in paths)]


def test_keys_and_items() -> None:
    """The position of a key or an item is where it begins, in block and in flow style."""
    document = only(TEXT)
    wanted = ("a",), ("a", "b"), ("a", "true", 1, "c"), ("e", "f", "g"), ("l", 0), ("l", 1, "z")
    assert places(document, *wanted) == ["2:1", "3:3", "4:12", "8:7", "10:3", "12:3"]


def test_aliases_and_merges_point_at_what_they_repeat() -> None:
    """Values below an alias or from `<<` have the position of their text."""
    assert places(only(TEXT), ("d",), ("d", "b"), ("e", "b"), ("e", "true", 0)) == ["5:1", "3:3", "3:3", "4:8"]


def test_values_have_places_of_their_own() -> None:
    """The span of an entry has its key, and the start and end of its value."""
    place = only(TEXT).place(("e", "f", "g"))
    assert (place.key, place.start, place.end) == ((8, 7), (8, 10), (8, 13))


def test_what_nobody_wrote_is_where_it_would_belong() -> None:
    """A missing field has the position of the nearest existing parent."""
    assert places(only(TEXT), ("e", "f", "x", 3), ("nothing",), ()) == ["8:3", "2:1", "2:1"]


def test_documents_of_a_stream_keep_their_lines() -> None:
    """Positions count from the start of the file, regardless of how documents are separated."""
    text = "a: 1\n--- # next\n# comment\nb: 2\n---\n---\nc: |\n  x\n  --- y\n...\n---\nd:\r\n  e: 1\r\n"
    documents = read(text).documents
    assert [document.value for document in documents] == [{"a": 1}, {"b": 2}, {"c": "x\n--- y\n"}, {"d": {"e": 1}}]
    assert [str(Origin(document).at(key)) for document, key in zip(documents, "abcd", strict=True)] == [
        "<text>:1:1",
        "<text>:4:1",
        "<text>:7:1",
        "<text>:12:1",
    ]
    assert str(Origin(documents[3]).at("d", "e")) == "<text>:13:3"


def test_items_of_a_list_point_into_the_list() -> None:
    """An item is a document of its own with positions in the list, in block and flow style and in JSON."""
    text = "kind: List\nitems:\n- kind: A\n  spec:\n    x: [1,\n  2]\n-\n  kind: B\n- {kind: C, spec: {\n x: 1}}\n"
    first, second, third = read(text).documents
    assert places(first, ("kind",), ("spec",), ("spec", "x", 1)) == ["3:3", "4:3", "6:3"]
    assert places(second, ("kind",)) == ["8:3"]
    assert places(third, ("kind",), ("spec",), ("spec", "x")) == ["9:4", "9:13", "10:2"]
    assert Origin(first).at("spec", "x", 1).field == "spec.x[1]"
    assert [document.index for document in (first, second, third)] == [0, 1, 2]


def test_items_of_a_nested_list() -> None:
    """The items of a nested list have positions, too."""
    (document,) = read("kind: List\nitems:\n- kind: List\n  items:\n  - kind: A\n    spec: 1\n").documents
    assert places(document, (), ("spec",)) == ["5:5", "6:5"]


def test_columns_count_characters() -> None:
    """Columns count characters, not bytes."""
    assert places(only('é: {"日本": 1, b: 2}\n'), ("é", "b")) == ["1:14"]


def test_fields_as_text() -> None:
    """The path of a field looks as a user would write it, with unusual keys quoted."""
    origin = NOWHERE.at("spec", "http", 0, "route").at(1, "destination", "host")
    assert origin.field == "spec.http[0].route[1].destination.host"
    assert NOWHERE.at("metadata", "labels", "a.b/c").field == 'metadata.labels["a.b/c"]'
    assert NOWHERE.field == ""


def test_objects_have_no_lines() -> None:
    """Objects created in Python have a file name in brackets, and no line."""
    (document,) = read({"kind": "A", "spec": {"x": 1}}).documents
    assert str(Origin(document).at("spec", "x")) == "<object>"


def test_forgotten_data_is_read_again() -> None:
    """A document that dropped its data returns the same data again, as a whole and as an item of a list."""
    text = "--- {a: [1, {b: x}]}\n---\nkind: List\nitems:\n- kind: A\n  spec: {x: [1,\n    2]}\n- kind: B\n"
    documents = read(text).documents
    before = [document.value for document in documents]
    for document in documents:
        document.forget()
        assert document.value is not document.value
    assert [document.value for document in documents] == before


def test_what_cannot_be_read_again_is_kept() -> None:
    """Data that needs the rest of the text, and data without text, is never dropped."""
    listed = "kind: List\nitems:\n- kind: A\n  spec: &x {a: 1}\n- kind: B\n  spec: *x\n"
    for document in (*read(listed).documents, *read({"kind": "A"}).documents):
        document.forget()
        assert document.value is document.value
