"""Write what fuzzing begins with: the inputs of the golden cases, texts with mistakes, and the words of all kinds.

    python -m tests.fuzz.corpus FOLDER

The seeds are in FOLDER, and the words are in FOLDER.dict, in the format of libFuzzer.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import get_args

from pydantic import BaseModel

from meshcompile.models.registry import KINDS

GOLDEN = Path(__file__).parents[1] / "golden"
LARGEST = 4096


def seeds() -> Iterator[bytes]:
    """Texts to begin with. Small ones are changed faster."""
    for path in sorted(GOLDEN.rglob("*.yaml")):
        if path.stat().st_size <= LARGEST:
            yield path.read_bytes()
    yield b"a: [1\n---\n{}\n"
    yield b'# meshcompile: ignore[X]\n{"kind": "List", "items": [{"kind": "Service"}]}\n'


def words() -> set[str]:
    """The kinds and versions of objects, and the fields and named values of their models."""
    found = {word for kind in KINDS for word in (kind.name, *kind.api_versions)}
    todo: list[type[BaseModel]] = [kind.model for kind in KINDS]
    seen = set[object]()
    while todo:
        model = todo.pop()
        if model not in seen:
            seen.add(model)
            found |= {field.alias or name for name, field in model.model_fields.items()}
            mentioned = [each for field in model.model_fields.values() for each in _types(field.annotation)]
            found |= {value.value for each in mentioned if issubclass(each, Enum) for value in each}
            todo += [each for each in mentioned if issubclass(each, BaseModel)]
    return {word for word in found if isinstance(word, str) and word}


def _types(annotation: object) -> Iterator[type]:
    """The classes in an annotation."""
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation
    for each in get_args(annotation):
        yield from _types(each)


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds()):
        (folder / f"seed-{number}").write_bytes(seed)
    folder.with_suffix(".dict").write_text("".join(f"{json.dumps(word)}\n" for word in sorted(words())))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
