"""Write the seeds of fuzzing into a folder: the inputs of the golden cases, and texts with comments and mistakes.

python -m tests.fuzz.corpus FOLDER
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden"
LARGEST = 4096


def seeds() -> Iterator[bytes]:
    """Texts to begin with. Small ones are changed faster."""
    for path in sorted(GOLDEN.rglob("*.yaml")):
        if path.stat().st_size <= LARGEST:
            yield path.read_bytes()
    yield b"a: [1\n---\n{}\n"
    yield b'# meshcompile: ignore[X]\n{"kind": "List", "items": [{"kind": "Service"}]}\n'


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds()):
        (folder / f"seed-{number}").write_bytes(seed)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
