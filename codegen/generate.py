"""Run all generators of the project. With --check, only report generated files that are out of date.

A generator is a module `codegen/generate_NAME.py` with a `main()`. It writes to paths in GENERATED.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Order matters: later generators may import what earlier ones write.
GENERATORS = (
    "generate_envoy.py",
    "generate_kubernetes.py",
    "generate_schemas.py",
    "generate_cli.py",
    "generate_kinds.py",
    "generate_metadata.py",
    "generate_releases.py",
)
GENERATED = (
    "src/meshcompile/envoy",
    "src/meshcompile/models/kubernetes/fields.json",
    "schemas",
    "docs/reference/cli.md",
    "docs/reference/kinds",
    "docs/reference/metadata.md",
    "docs/reference/releases.md",
)


def generators() -> list[Path]:
    """The generators, in order."""
    return [ROOT / "codegen" / name for name in GENERATORS]


def generated_files() -> dict[Path, bytes]:
    """The bytes of every file under GENERATED."""
    return {
        path: path.read_bytes()
        for name in GENERATED
        for path in (ROOT / name, *sorted((ROOT / name).rglob("*")))
        if path.is_file() and "__pycache__" not in path.parts
    }


def restore(before: dict[Path, bytes], after: dict[Path, bytes]) -> None:
    """Restore the files."""
    for path in after.keys() - before.keys():
        path.unlink()
    for path, content in before.items():
        if after.get(path) != content:
            path.write_bytes(content)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a generated file is out of date")
    check = parser.parse_args().check
    before = generated_files()
    for generator in generators():
        subprocess.run([sys.executable, str(generator)], cwd=ROOT, check=True)
    after = generated_files()
    stale = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    for path in stale:
        print(f"{'out of date' if check else 'rewritten'}: {path.relative_to(ROOT)}", file=sys.stderr)
    if check:
        restore(before, after)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
