"""Which files of a folder are excluded: by --exclude, `.meshcompileignore` and `.gitignore`, with git's rules."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.errors import InvalidArgument

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


class Selection(Struct, frozen=True):
    """Which files of folders are read."""

    exclude: tuple[str, ...] = ()
    """Patterns as in a `.gitignore`, relative to each folder that is read. They take precedence over ignore files."""
    gitignore: bool = True
    """Whether `.gitignore` files apply."""

    @property
    def ignore_files(self) -> tuple[str, ...]:
        """The names of ignore files. In one folder, a later one overrides an earlier one."""
        return (".gitignore", ".meshcompileignore") if self.gitignore else (".meshcompileignore",)


EVERYTHING = Selection()


class Rules(Struct, frozen=True):
    """Patterns that apply below a folder."""

    base: str
    patterns: GitIgnoreSpec
    prefix: str = ""
    """The path of the patterns' base, relative to the folder that is read."""

    def verdict(self, path: str) -> bool | None:
        """True if the patterns exclude a path, False if they include it again, None if no pattern matches."""
        below = path[len(self.base) :].lstrip(os.sep)
        return self.patterns.check_file(os.path.join(self.prefix, below)).include


class Ignored(Struct, frozen=True):
    """The exclusions in a folder. The first rules with a verdict decide."""

    selection: Selection
    excluded: tuple[Rules, ...]
    files: tuple[Rules, ...]
    """The rules of ignore files, those of the innermost folder first."""

    def __contains__(self, path: str) -> bool:
        """Whether a path is excluded. The path of a folder ends with a separator."""
        rules = (*self.excluded, *self.files)
        return next((verdict for one in rules if (verdict := one.verdict(path)) is not None), False)

    def below(self, folder: str) -> Ignored:
        """The exclusions in a subfolder."""
        own = tuple(_rules_in(folder, self.selection))
        return replace(self, files=(*own, *self.files)) if own else self


def ignored(folder: str, selection: Selection) -> Ignored:
    """The exclusions in a folder that is passed by name. Ignore files apply from the root of its repository
    downwards.
    """
    excluded = tuple(_rules(folder, selection.exclude))
    above = tuple(_rules_above(folder, selection))
    is_left_out = folder in Ignored(selection, (), above)
    return Ignored(selection, excluded, () if is_left_out else above)


def _rules_above(folder: str, selection: Selection) -> Iterator[Rules]:
    """The rules of the parent folders, up to the root of the repository; none without a repository."""
    real = os.path.realpath(folder)
    for parent in _parents(real):
        for rules in _rules_in(parent, selection):
            yield replace(rules, base=folder, prefix=os.path.join(os.path.relpath(real, parent), ""))


def _parents(real: str) -> list[str]:
    """The parent folders, innermost first, up to the root of the repository."""
    parents: list[str] = []
    while not os.path.exists(os.path.join(real, ".git")):
        parent = os.path.dirname(real)
        if parent == real:
            return []
        real = parent
        parents.append(real)
    return parents


def _rules_in(folder: str, selection: Selection) -> Iterator[Rules]:
    """The rules of the ignore files in a folder, in order of precedence."""
    for name in reversed(selection.ignore_files):
        yield from _rules(folder, _readable(_lines(os.path.join(folder, name))))


def _rules(base: str, patterns: Iterable[str]) -> Iterator[Rules]:
    if written := [pattern for pattern in patterns if pattern.strip() and not pattern.startswith("#")]:
        yield Rules(base, _compiled(written))


def _compiled(patterns: Iterable[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # here: most folders have no patterns

    try:
        return GitIgnoreSpec.from_lines(patterns)
    except (ValueError, re.error) as error:
        raise InvalidArgument(f"invalid exclude pattern: {error}") from None


def _readable(patterns: Iterable[str]) -> Iterator[str]:
    """The valid patterns. git skips invalid ones in an ignore file."""
    for pattern in patterns:
        try:
            _compiled([pattern])
        except InvalidArgument:
            continue
        yield pattern


def _lines(path: str) -> list[str]:
    """The lines of an ignore file; none if it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(_LONGEST).splitlines()
    except OSError:
        return []


_LONGEST = 1024 * 1024
