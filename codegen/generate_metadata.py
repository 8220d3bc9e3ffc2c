"""Write the table of node metadata in docs/reference/metadata.md, from the fields of NodeMetadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from meshcompile.models.schema import class_docstrings
from meshcompile.node_metadata import NodeMetadata, PodPort
from meshcompile.values.labels import Labels

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "metadata.md"
BEGIN = "<!-- Generated from src/meshcompile/node_metadata.py by codegen/generate_metadata.py: do not edit. -->\n"
END = "<!-- End of the generated table. -->\n"

TYPES: Mapping[object, str] = {
    str: "string",
    bool: '`"true"` or `"false"`',
    int: "number",
    tuple[str, ...]: "comma-separated string",
    tuple[PodPort, ...]: "list of `name`, `containerPort`, `protocol`, as a JSON string",
    Labels: "object",
    Mapping[str, Any] | None: "object",
}


def rows() -> Iterator[str]:
    """A row for each key, in the order of the fields."""
    described = class_docstrings(NodeMetadata.__module__)[NodeMetadata.__name__]
    for field in msgspec.structs.fields(NodeMetadata):
        yield f"| `{field.encode_name}` | {TYPES[field.type]} | {described[field.name]} |\n"


def main() -> None:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    table = f"\n| key | type | what it does |\n|---|---|---|\n{''.join(rows())}\n"
    PAGE.write_text(f"{before}{BEGIN}{table}{END}{after}")


if __name__ == "__main__":
    main()
