"""Completion candidates at the cursor: `meshcompile __complete WORD...`, which the scripts of `meshcompile
completion` call.

The first line of output says what else fits there: `files`, `dirs` or `words`. Each other line is a candidate, with a
tab and its description. The last WORD is the one at the cursor.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from meshcompile.cli import exit_codes
from meshcompile.cli.commands import COMMANDS
from meshcompile.cli.parser import actions, parser

BUDGET = 3.0
"""The time limit in seconds for finding names in the input, so that a key press returns quickly."""
BUDGET_VARIABLE = "MESHCOMPILE_COMPLETION_SECONDS"
"""The environment variable that overrides the time limit."""
WORDS, FILES, DIRS = "words", "files", "dirs"
_PLACES = {"FILE": FILES, "PATH": FILES, "CHART": FILES, "DIR": DIRS}


@dataclass(frozen=True, slots=True)
class Offer:
    """Candidates with their descriptions, and whether files or folders also fit."""

    words: Mapping[str, str] = field(default_factory=dict)
    place: str = WORDS

    def starting_with(self, typed: str) -> Offer:
        return Offer({word: text for word, text in self.words.items() if word.startswith(typed)}, self.place)

    def after(self, prefix: str) -> Offer:
        """The same candidates with a prefix, such as `--output=`."""
        return Offer({f"{prefix}{word}": text for word, text in self.words.items()}, self.place)


NOTHING = Offer()


@dataclass(slots=True)
class Line:
    """The state of the typed line: its parser, the values of its options, and the argument that still needs a value."""

    parser: argparse.ArgumentParser
    given: dict[str, list[str]] = field(default_factory=dict)
    positional: int = 0
    pending: argparse.Action | None = None

    def take(self, word: str) -> None:
        """Process one word."""
        if self.pending is not None:
            self.note(self.pending, word)
            self.pending = None
        elif word.startswith("-") and word != "-":
            self.take_option(word)
        elif isinstance(action := self.next_positional, argparse._SubParsersAction):
            self.parser = action.choices.get(word, _EMPTY)
            self.positional = 0
        else:
            if action is not None:
                self.note(action, word)
            self.positional += 1

    def take_option(self, word: str) -> None:
        name, equals, value = word.partition("=")
        action = self.options.get(name)
        if action is None:
            return
        if equals:
            self.note(action, value)
        elif action.nargs == 0:
            self.note(action, "")
        else:
            self.pending = action

    def note(self, action: argparse.Action, value: str) -> None:
        self.given.setdefault(action.dest, []).append(value)

    @property
    def options(self) -> dict[str, argparse.Action]:
        """The options of the parser by their spellings."""
        return {spelling: action for action in actions(self.parser) for spelling in action.option_strings}

    @property
    def next_positional(self) -> argparse.Action | None:
        """The positional argument at the cursor. The last one repeats if it accepts any number of words."""
        positional = [action for action in actions(self.parser) if not action.option_strings]
        if self.positional < len(positional):
            return positional[self.positional]
        return positional[-1] if positional and positional[-1].nargs == "*" else None


_EMPTY = argparse.ArgumentParser(add_help=False)


def complete(words: Sequence[str]) -> int:
    """Print the candidates for the last word."""
    *before, typed = words or [""]
    offer = offered(before, typed).starting_with(typed)
    sys.stdout.write(f"{offer.place}\n")
    sys.stdout.writelines(f"{word}\t{_first_line(text)}\n" for word, text in offer.words.items())
    return exit_codes.OK


def offered(before: Sequence[str], typed: str) -> Offer:
    """The candidates after the preceding words."""
    if not before:
        return Offer({command.name: command.help for command in COMMANDS} | {"--version": "", "--help": ""})
    line = Line(parser(before[0]))
    for word in before:
        line.take(word)
    if line.pending is not None:
        return _values(line.pending, line, typed)
    if typed.startswith("--") and "=" in typed:
        name, _, value = typed.partition("=")
        action = line.options.get(name)
        return _values(action, line, value).after(f"{name}=") if action else NOTHING
    if typed.startswith("-"):
        return _options(line)
    return NOTHING if line.next_positional is None else _values(line.next_positional, line, typed)


def _options(line: Line) -> Offer:
    """The options that may still follow, in their long spelling."""
    free = [
        action
        for action in actions(line.parser)
        if action.option_strings and (action.dest not in line.given or isinstance(action.default, list))
    ]
    return Offer({action.option_strings[-1]: _help(action) for action in free})


def _values(action: argparse.Action, line: Line, typed: str) -> Offer:
    """The candidates for the value of an argument."""
    if isinstance(action, argparse._SubParsersAction):
        return Offer({choice.dest: choice.help or "" for choice in action._choices_actions})
    if action.choices is not None:
        return Offer(dict.fromkeys(map(str, action.choices), ""))
    if action.dest in _NAMES:
        with _budget(_seconds()):
            return Offer(dict.fromkeys(_NAMES[action.dest](line.given, typed), ""))
        return NOTHING
    return Offer(place=_PLACES.get(str(action.metavar), WORDS))


def _seconds() -> float:
    try:
        return float(os.environ.get(BUDGET_VARIABLE, BUDGET))
    except ValueError:
        return BUDGET


@contextmanager
def _budget(seconds: float) -> Iterator[None]:
    """Abort the block silently if it exceeds the time limit or fails."""
    timer = hasattr(signal, "setitimer")
    if timer:
        signal.signal(signal.SIGALRM, _give_up)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except Exception:  # a completion must not report errors in the input
        pass
    finally:
        if timer:
            signal.setitimer(signal.ITIMER_REAL, 0)


def _give_up(*_: object) -> None:
    raise TimeoutError


Given = Mapping[str, Sequence[str]]


def _inputs(given: Given) -> list[str]:
    """The inputs on the line. stdin is not available during completion."""
    return [path for path in (*given.get("files", ()), *given.get("paths", ())) if path != "-"]


def _proxies(given: Given, typed: str) -> Iterable[str]:
    """Names of the proxies in the input: of workloads, or of Pods if the word begins like one."""
    import meshcompile

    names = meshcompile.load(_inputs(given)).proxy_names
    workloads = [name for name in names if "/" in name and not name.startswith("pod/")]
    return workloads if any(name.startswith(typed) for name in workloads) else names


def _types(given: Given, typed: str) -> Iterable[str]:
    """The typed list with each possible next type."""
    from meshcompile.cli.compile import TYPES

    listed, comma, _ = typed.rpartition(",")
    return (f"{listed}{comma}{name}" for name in TYPES if name not in listed.split(","))


def _namespaces(given: Given, typed: str) -> Iterable[str]:
    return sorted({document.namespace for document in _documents(given) if document.namespace})


def _envoy_filters(given: Given, typed: str) -> Iterable[str]:
    return sorted({document.name for document in _documents(given) if document.kind == "EnvoyFilter"})


def _documents(given: Given) -> Iterable[Any]:
    from meshcompile.source.reading import read

    return read(_inputs(given)).documents


def _contexts(given: Given, typed: str) -> Iterable[str]:
    """The contexts of the user's kubeconfig, as kubectl lists them."""
    from meshcompile.render.programs import ran

    return ran(("kubectl", "config", "get-contexts", "--output=name"), _seconds()).stdout.splitlines()


def _kinds(given: Given, typed: str) -> Iterable[str]:
    from meshcompile.models.registry import KINDS

    return sorted(kind.name for kind in KINDS)


def _subjects(given: Given, typed: str) -> Iterable[str]:
    """The names of the workloads and objects in the input."""
    import meshcompile
    from meshcompile.describe.subjects import described_names

    return described_names(meshcompile.load(_inputs(given)))


_NAMES: Mapping[str, Callable[[Given, str], Iterable[str]]] = {
    "proxy": _proxies,
    "subject": _subjects,
    "type": _types,
    "namespace": _namespaces,
    "envoyfilter": _envoy_filters,
    "kind": _kinds,
    "context": _contexts,
}
"""The functions that find names, by argument."""


def _help(action: argparse.Action) -> str:
    return (action.help or "").partition(" (default")[0]


def _first_line(text: str) -> str:
    return text.partition("\n")[0].replace("\t", " ")
