"""The files that a bootstrap names: those that are missing or that Envoy cannot read, and stand-ins for them."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshcompile.codes.output import MISSING_FILE, UNREADABLE_PEM
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import NOWHERE, Origin
from meshcompile.envoy.message import origins_at
from meshcompile.output.bootstrap import Bootstrap
from meshcompile.output.bootstrap.pem import certificate_problem, private_key_problem

MOST_BYTES = 1 << 20
"""Envoy reads no certificates that are larger."""

_PROBLEMS: Mapping[str, Callable[[str], str]] = {
    "certificateChain": certificate_problem,
    "privateKey": private_key_problem,
    "trustedCa": certificate_problem,
}
_WHAT = {"certificateChain": "the certificate", "privateKey": "the private key", "trustedCa": "the authority"}


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file, the field that names it, and the resource: `listeners` or `clusters`, its index, and steps in it."""

    path: str
    field: str
    kind: str
    index: int
    steps: tuple[str, ...]


def named_files(bootstrap: Mapping[str, Any]) -> Iterator[NamedFile]:
    """Every file that the listeners and clusters of a bootstrap name."""
    for kind, resources in bootstrap["staticResources"].items():
        for index, resource in enumerate(resources):
            for steps, path in _paths(resource, ()):
                yield NamedFile(path, steps[-2] if len(steps) > 1 else "", kind, index, steps[:-1])


def file_findings(static: Bootstrap) -> tuple[Diagnostic, ...]:
    """A finding for each file that is missing or has no PEM that Envoy can read."""
    findings: dict[Diagnostic, None] = {}
    for file in named_files(static.to_dict()):
        origin, name = _place(static, file)
        if not Path(file.path).exists():
            findings[MISSING_FILE(origin, path=file.path, resource=name)] = None
        elif problem := _problem(file):
            what = f"{_WHAT[file.field]} of {name}"
            findings[UNREADABLE_PEM(origin, what=what, secret=f"`{file.path}`", problem=problem)] = None
    return tuple(findings)


def usable(path: str, field: str) -> bool:
    """True if the file is there, and is PEM if the field asks for it."""
    return Path(path).exists() and not _problem(NamedFile(path, field, "", 0, ()))


def _paths(value: object, steps: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    match value:
        case {"filename": str(path), **others} if not others:
            yield (*steps, "filename"), path
        case {"pathConfigSource": {"path": str(path)}}:
            yield (*steps, "pathConfigSource", "path"), path
        case Mapping():
            for key, item in value.items():
                yield from _paths(item, (*steps, key))
        case list():
            for index, item in enumerate(value):
                yield from _paths(item, (*steps, str(index)))
        case _:
            return


def _place(static: Bootstrap, file: NamedFile) -> tuple[Origin, str]:
    """Where the input names the file, and the name of the resource."""
    resources: Any = getattr(static.content.static_resources, file.kind)
    resource = resources[file.index]
    origins = origins_at(resource, file.steps) or resource.origins
    return next(iter(origins), NOWHERE), f"{file.kind.removesuffix('s')} {resource.name}"


def _problem(file: NamedFile) -> str:
    """Why Envoy cannot read a file; "" if it can, or if only Envoy knows what it must have."""
    check = _PROBLEMS.get(file.field)
    if check is None:
        return ""
    try:
        status = Path(file.path).stat()
        if not stat.S_ISREG(status.st_mode):
            return "it is no regular file"
        if status.st_size > MOST_BYTES:
            return f"it has more than {MOST_BYTES} bytes"
        return check(Path(file.path).read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        return error.strerror or str(error)
