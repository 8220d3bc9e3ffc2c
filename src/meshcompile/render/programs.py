"""Runs the user's programs: looked up on PATH, without a shell, with a time limit."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from meshcompile.codes.rendering import PROGRAM_FAILED, PROGRAM_MISSING, PROGRAM_TOO_SLOW
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin
from meshcompile.documents.named_text import NamedText
from meshcompile.source.reading import UnreadableInput

DEFAULT_TIMEOUT = 60.0
"""The time limit of a program in seconds."""
INSTALL = {
    "helm": "install Helm (https://helm.sh), or pass the output of `helm template`",
    "kustomize": "install kustomize (https://kustomize.io) or kubectl, or pass the output of `kustomize build`",
    "kubectl": "install kubectl (https://kubernetes.io/docs/tasks/tools), or pass the output of `kubectl get -o yaml`",
}
SHOWN = 5
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Rendering:
    """The output of a program, as inputs for `meshcompile.load`. Iterate over it, or pass it as it is."""

    command: tuple[str, ...]
    texts: tuple[NamedText, ...]
    messages: str = ""
    """Text that a successful program wrote to stderr."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """Findings about what could not be read."""

    def __iter__(self) -> Iterator[NamedText | Diagnostic]:
        return iter((*self.diagnostics, *self.texts))


@dataclass(frozen=True, slots=True)
class Output:
    """The output of a program, and its exit status."""

    command: tuple[str, ...]
    status: int
    stdout: str
    messages: str

    @property
    def failure(self) -> Diagnostic:
        """The finding about an exit status other than 0."""
        return PROGRAM_FAILED(self.place, command=shown(self.command), status=self.status, problem=self.problem)

    @property
    def place(self) -> Origin:
        """The program, as the origin of findings."""
        return _place(self.command[0])

    @property
    def problem(self) -> str:
        """The end of stderr, where programs usually explain an error."""
        lines = [line for line in self.messages.splitlines() if line.strip()]
        return "\n    ".join(lines[-SHOWN:]) or "it printed no error message"


def installed(*programs: str) -> str:
    """The first of the programs that is on PATH. Raises UnreadableInput if none is."""
    for program in programs:
        if shutil.which(program):
            return program
    code = PROGRAM_MISSING(_place(programs[0]), program=programs[0], suggestion=INSTALL[programs[0]])
    raise UnreadableInput((code,))


def succeeded(command: Sequence[str], timeout: float) -> Output:
    """The output of a program. Raises UnreadableInput if the program fails."""
    output = ran(command, timeout)
    if output.status:
        raise UnreadableInput((output.failure,))
    return output


def ran(command: Sequence[str], timeout: float) -> Output:
    """The output of a program, regardless of its status. Raises UnreadableInput if it is missing or takes too long."""
    path = shutil.which(installed(command[0]))
    with subprocess.Popen(
        [str(path), *command[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0 if os.name == "posix" else None,
    ) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            _stop(process)
            too_slow = PROGRAM_TOO_SLOW(_place(command[0]), command=shown(command), seconds=timeout)
            raise UnreadableInput((too_slow,)) from None
        except BaseException:
            _stop(process)
            raise
    return Output(tuple(command), process.returncode, out.decode(errors="replace"), _legible(err))


def shown(command: Sequence[str]) -> str:
    """The command as a user would type it. An option that appears many times is shortened."""
    options = [word.partition("=")[0] for word in command]
    many = {option for option, number in Counter(options).items() if number > SHOWN}
    words = (
        f"{option}=..." if option in many else shlex.quote(word) for option, word in zip(options, command, strict=True)
    )
    return " ".join(dict.fromkeys(words))


def plain_path(path: str | os.PathLike[str]) -> str:
    """The path in a form that no program mistakes for an option."""
    text = os.fspath(path)
    return os.path.join(".", text) if text.startswith("-") else text


def _place(program: str) -> Origin:
    return Origin(Document(f"<{program}>", {}))


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop the program and its children, which may keep its pipes open."""
    with suppress(ProcessLookupError):  # it may have ended in the meantime
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()


def _legible(data: bytes) -> str:
    """The text without control characters that could move the cursor or change colours on a terminal."""
    return _CONTROL.sub("", data.decode(errors="replace"))
