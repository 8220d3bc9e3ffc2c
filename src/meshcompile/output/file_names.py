"""Names of files for resources, whose own names may have any characters."""

from hashlib import sha256
from urllib.parse import quote

LONGEST = 120


def file_name(name: str) -> str:
    """A name without separators that is different for each resource: `outbound%7C80%7C%7Cweb`."""
    encoded = quote(name, safe="")
    if len(encoded) <= LONGEST:
        return encoded
    return f"{encoded[:LONGEST]}~{sha256(name.encode()).hexdigest()[:16]}"
