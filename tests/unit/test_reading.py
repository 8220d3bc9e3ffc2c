"""Files, folders, standard input, texts and objects."""

import io
import os
import sys
import time
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest

from meshcompile.diagnostics import Diagnostic
from meshcompile.documents.limits import Limits
from meshcompile.source.reading import Input, UnreadableInput, read

TYPE = "apiVersion: v1\nkind: A\n"


def kinds(inputs: Input | Iterable[Input]) -> list[str]:
    return [document.kind for document in read(inputs).documents]


def refusal(inputs: Input | Iterable[Input], limits: Limits | None = None) -> Diagnostic:
    """The only finding of rejected input."""
    with pytest.raises(UnreadableInput) as raised:
        read(inputs, limits or Limits())
    (diagnostic,) = raised.value.diagnostics
    return diagnostic


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_a_folder_means_its_files_by_name(tmp_path: Path) -> None:
    """A folder is read recursively, by name, without hidden files and other file types."""
    write(
        tmp_path,
        {
            "b.yml": "kind: B\n",
            "a/z.json": '{"kind": "Z"}',
            "a.yaml": "kind: A\n",
            "c/d/e.yaml": "kind: E\n",
            "README.md": "kind: no\n",
            ".git/x.yaml": "kind: no\n",
            ".hidden.yaml": "kind: no\n",
        },
    )
    assert kinds(tmp_path) == ["Z", "A", "B", "E"]
    assert kinds(str(tmp_path)) == ["Z", "A", "B", "E"]


def test_a_file_is_read_once(tmp_path: Path) -> None:
    """A file with several names is read once, at its first position."""
    write(tmp_path, {"a.yaml": "kind: A\n", "b.yaml": "kind: B\n"})
    (tmp_path / "c.yaml").symlink_to("a.yaml")
    assert kinds([tmp_path / "b.yaml", tmp_path, tmp_path]) == ["B", "A"]


def test_links_that_leave_a_folder_are_not_followed(tmp_path: Path) -> None:
    """Files outside a folder are not read, which is reported. Link cycles end."""
    write(tmp_path, {"in/a.yaml": "kind: A\n", "out/b.yaml": "kind: B\n"})
    (tmp_path / "in" / "link").symlink_to("../out")
    (tmp_path / "in" / "link.yaml").symlink_to("../out/b.yaml")
    (tmp_path / "in" / "loop").symlink_to(".")
    found = read(tmp_path / "in")
    assert [document.kind for document in found.documents] == ["A"]
    assert [(item.slug, Path(item.file).name) for item in found.diagnostics] == [
        ("outside-folder", "link"),
        ("outside-folder", "link.yaml"),
    ]


def test_a_named_link_is_followed(tmp_path: Path) -> None:
    """A path that is passed by name may be a link to any location."""
    write(tmp_path, {"out/b.yaml": "kind: B\n"})
    (tmp_path / "link").symlink_to("out")
    assert kinds(tmp_path / "link") == ["B"]


def test_pipes_in_a_folder_do_not_block(tmp_path: Path) -> None:
    """Pipes in a folder are skipped, regardless of their name."""
    os.mkfifo(tmp_path / "a.yaml")
    assert [item.slug for item in read(tmp_path).diagnostics] == ["empty-folder"]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` is standard input, read once."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbfkind: A\n")))
    (document,) = read(["-", "-"]).documents
    assert (document.file, document.kind) == ("<stdin>", "A")


def test_texts_and_objects() -> None:
    """A str with a line break or a leading brace is a text. A mapping is an object, or a list of them."""
    assert kinds(["kind: A\n---\n# none\n---\nkind: B", '{"kind": "C"}', {"kind": "D"}]) == ["A", "B", "C", "D"]
    assert kinds({"kind": "List", "items": [{"kind": "A"}, {"kind": "B"}]}) == ["A", "B"]


@pytest.mark.parametrize("text", ["", "# only this\n", "---\n---\n", "--- null\n", "{}\n", "kind: List\n"])
def test_nothing_to_read(text: str) -> None:
    """Documents without content are ignored."""
    found = read(text + "\n")
    assert (found.documents, found.diagnostics) == ((), ())


def test_lists_with_a_type() -> None:
    """The items of a typed list need no type of their own. A kind that only ends in List is not a list."""
    text = "apiVersion: v1\nkind: ServiceList\nitems: [{metadata: {name: a}}, {kind: Other}]\n"
    first, second = read(text).documents
    assert (first.kind, first.value["apiVersion"], first.name, second.kind) == ("Service", "v1", "a", "Other")
    assert kinds("kind: AllowList\nspec: {}\n") == ["AllowList"]


@pytest.mark.parametrize(
    ("text", "slug", "place"),
    [
        ("kind: A\n---\n- x\n", "not-a-mapping", "<text>:3:1"),
        ("kind: A\n---\njust text\n", "not-a-mapping", "<text>:3:1"),
        ("kind: List\nitems:\n- kind: A\n- 3\n", "not-a-mapping", "<text>:4:3"),
        ("kind: A\n---\nkind: List\nitems: 3\n", "items-not-a-list", "<text>:4:1"),
    ],
)
def test_what_is_no_object_is_a_finding(text: str, slug: str, place: str) -> None:
    """YAML that is not an object is reported at its position, and the rest is read."""
    found = read(text)
    assert [(item.slug, str(item.origin)) for item in found.diagnostics] == [(slug, place)]
    assert [document.kind for document in found.documents] == ["A"]


@pytest.mark.parametrize(
    ("text", "place", "advice"),
    [
        ("a: b: c\n", "<text>:1:5", "quotes"),
        ("a:\n\tb: 1\n", "<text>:2:1", "spaces, not tabs"),
        ("a: @x\n", "<text>:1:4", "quotes"),
        ("a: 1\nb:\n  - c\n d: 1\n", "<text>:4:2", "indentation"),
        ('a: 1\nb: "x\nc: 1\n', "<text>:2:4", "close the quotes"),
        ("a: [1, 2\n", "<text>:2:1", "close the `["),
        ("a: !x!y 1\n", "<text>:1:4", "remove the tag"),
        ("a: 1\nb: \x01\n", "<text>:2:4", "remove the character"),
        ("a: 1\nb: \ud800\n", "<text>:2:4", "remove the character"),
    ],
)
def test_what_is_no_yaml(text: str, place: str, advice: str) -> None:
    """Malformed YAML is rejected at its position, with advice."""
    diagnostic = refusal(text)
    assert (diagnostic.slug, str(diagnostic.origin)) == ("not-yaml", place)
    assert advice in diagnostic.suggestion


def test_all_that_cannot_be_read_is_told_at_once(tmp_path: Path) -> None:
    """One exception names every unreadable file."""
    write(tmp_path, {"a.yaml": f"{TYPE}a: b: c\n", "b.yaml": f"{TYPE}a: 1\na: 2\n", "c.yaml": "kind: C\n"})
    with pytest.raises(UnreadableInput) as raised:
        read([tmp_path, tmp_path / "d.yaml"])
    assert [item.slug for item in raised.value.diagnostics] == ["not-yaml", "duplicate-key", "no-such-file"]
    assert len(str(raised.value).splitlines()) == 3


def test_a_broken_document_leaves_the_others() -> None:
    """In a stream, a malformed document is a finding, and the documents before and after it are read."""
    broken = "# below\nx: [open\n--- # next\nkind: B\n---\ny: 'open\n---\ny: 1\ny: 2\n"
    found = read(f"kind: A\n---\n{broken}---\n\nkind: C\nspec: 1\n")
    assert [(item.slug, item.line, item.rejected) for item in found.diagnostics] == [
        ("not-yaml", 5, True),
        ("not-yaml", 8, True),
        ("duplicate-key", 11, True),
    ]
    assert [(document.kind, document.position().line) for document in found.documents] == [
        ("A", 1),
        ("B", 6),
        ("C", 14),
    ]
    assert found.documents[2].position(("spec",)) == (15, 1)


def test_many_broken_documents_take_little_time() -> None:
    """The time for a stream of malformed documents grows linearly."""
    start = time.process_time()
    with pytest.raises(UnreadableInput) as raised:
        read("---\n[\n" * 50_000)
    assert len(raised.value.diagnostics) == 50_000
    assert time.process_time() - start < 10


def test_a_missing_file(tmp_path: Path) -> None:
    """A name without a file is rejected, with a similar name as suggestion."""
    write(tmp_path, {"gateway.yaml": ""})
    assert "gateway.yaml" in refusal(tmp_path / "gatway.yaml").suggestion
    assert "no folder" in refusal(str(tmp_path / "none" / "x.yaml")).suggestion
    assert refusal("a\0b").slug == "unreadable-file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_right_to_read(tmp_path: Path) -> None:
    """A folder or file without permission is rejected by name."""
    (tmp_path / "a").mkdir(mode=0)
    assert refusal(tmp_path).file == str(tmp_path / "a")


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors of the operating system for a folder are reported."""

    def forbidden(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", forbidden)
    diagnostic = refusal(tmp_path)
    assert (diagnostic.slug, diagnostic.file) == ("unreadable-file", str(tmp_path))
    assert "permission denied" in diagnostic.message


def test_other_encodings(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are rejected at their position, and UTF-16 is recognized."""
    (tmp_path / "latin.yaml").write_bytes("kind: A\nname: é\n".encode("latin-1"))
    (tmp_path / "wide.yaml").write_bytes("kind: A\n".encode("utf-16"))
    diagnostic = refusal(tmp_path / "latin.yaml")
    assert (diagnostic.slug, diagnostic.line, diagnostic.column) == ("not-utf8", 2, 7)
    assert "UTF-16" in refusal(tmp_path / "wide.yaml").suggestion


def test_json_escapes_of_two_surrogates() -> None:
    """JSON may write one character as two escapes, and an escaped backslash before them is a backslash."""
    (document,) = read(r'{"kind": "\ud83d\ude00", "x": "\\ud83d\\ude00", "y": "a\/b"}').documents
    assert document.value == {"kind": "\N{GRINNING FACE}", "x": r"\ud83d\ude00", "y": "a/b"}


LAUGHS = "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + "".join(
    f"{after}: &{after} [{', '.join(['*' + before] * 9)}]\n" for before, after in pairwise("abcdefghijkl")
)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("[" * 10_000_000 + "\n", "too-deep"),
        ("- " * 5_000_000 + "\n", "too-deep"),
        ('{"a":' * 2_000_000 + "\n", "too-deep"),
        ("".join(" " * depth + "a:\n" for depth in range(2000)), "too-deep"),
        (LAUGHS, "too-many-aliases"),
    ],
    ids=["flow lists", "block lists", "flow mappings", "block mappings", "billion laughs"],
)
def test_hostile_input_is_refused_at_once(text: str, slug: str) -> None:
    """Hostile input is rejected quickly."""
    start = time.process_time()
    assert refusal(text).slug == slug
    assert time.process_time() - start < 5


def test_sizes(tmp_path: Path) -> None:
    """A single document, or all input together, can exceed its limit, and many small documents can exceed the total."""
    write(tmp_path, {"a.yaml": "kind: A\n", "b.yaml": "kind: B\n"})
    assert refusal("a: 123456789\n", Limits(document_size=10)).slug == "too-large"
    assert len(read("a: 1\n---\nb: 2\n", Limits(document_size=10)).documents) == 2
    assert refusal(tmp_path, Limits(total_size=12)).file == str(tmp_path / "b.yaml")
    assert len(read(tmp_path, Limits(total_size=16)).documents) == 2


def test_the_depth_that_is_allowed() -> None:
    """Nesting is allowed up to the limit, and so are aliases that expand to little."""
    read("a: " + "[" * 99 + "]" * 99 + "\n")
    assert refusal("a: " + "[" * 100 + "]" * 100 + "\n").slug == "too-deep"
    read("x: &x {a: 1}\n" + "".join(f"y{i}: *x\n" for i in range(1000)))
