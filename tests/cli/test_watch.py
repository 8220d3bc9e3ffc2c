"""`--watch`, as a user runs it: a process that answers each edit, and is quiet otherwise."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec: {{clusterIP: 10.0.0.1, selector: {{app: web}}, ports: [{{name: http, port: {port}}}]}}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop, labels: {app: web}}
spec: {containers: [{name: app}, {name: istio-proxy}]}
status: {phase: Running, podIP: 10.1.0.1}
"""
SECRET = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: key, namespace: shop}\n"
PATIENCE = 120.0
QUIET = 2.5


class Running:
    """A process whose lines arrive one after the other, those of stderr among those of stdout."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: queue.Queue[str] = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as output:
            for line in output:
                self.lines.put(line.rstrip("\n"))

    def until(self, text: str) -> list[str]:
        """The lines up to the first that has a text."""
        found: list[str] = []
        end = time.monotonic() + PATIENCE
        while not found or text not in found[-1]:
            try:
                found.append(self.lines.get(timeout=max(end - time.monotonic(), 0.01)))
            except queue.Empty:
                pytest.fail(f"no line with {text!r} in {found}")
        return found

    def is_quiet(self) -> bool:
        """Whether nothing arrives for a while."""
        try:
            self.lines.get(timeout=QUIET)
        except queue.Empty:
            return True
        return False


@contextmanager
def running(*arguments: str, polls: bool) -> Iterator[Running]:
    """The command, with the extra `watch` or as if it were not installed."""
    start = "import sys; sys.modules['watchfiles'] = None; " if polls else "import sys; "
    command = [
        sys.executable,
        "-u",
        "-c",
        start + "from meshcompile.cli.main import main; sys.exit(main())",
        *arguments,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    started = Running(process)
    try:
        yield started
    finally:
        process.kill()
        process.wait()
        started.reader.join()


@pytest.mark.parametrize("polls", [True, False], ids=["polling", "notified"])
def test_each_edit_is_answered(tmp_path: Path, polls: bool) -> None:
    """An error is reported when it is written and gone when it is fixed; new and removed files count; Ctrl-C ends."""
    file = tmp_path / "web.yaml"
    file.write_text(SERVICE.format(port=80))
    with running("validate", "--watch", str(tmp_path), polls=polls) as process:
        process.until("watching 1 file")
        file.write_text("#\n" + SERVICE.format(port=123456))
        process.until(f"{file} changed")
        assert any(f"{file}:5:" in line for line in process.until("1 error"))
        file.write_text(SERVICE.format(port=81))
        process.until(f"{file} changed")
        process.until("All checks passed")
        (tmp_path / "more.yaml").write_text(SERVICE.format(port=123456).replace("web", "more"))
        process.until("1 error")
        (tmp_path / "more.yaml").unlink()
        process.until("more.yaml was removed")
        process.until("All checks passed")
        process.process.send_signal(signal.SIGINT)
        assert process.process.wait(PATIENCE) == 130


def test_it_is_quiet_when_nothing_changed(tmp_path: Path) -> None:
    """A file that is written again with the same content, or one that is no input, is not worth a word."""
    file = tmp_path / "web.yaml"
    file.write_text(SERVICE.format(port=80))
    with running("validate", "--watch", "-f", str(file), polls=True) as process:
        process.until("watching 1 file")
        os.utime(file, ns=(1, 1))
        (tmp_path / "notes.txt").write_text("x")
        assert process.is_quiet()


def test_input_that_cannot_be_read_is_waited_for(tmp_path: Path) -> None:
    """A file that is broken for a while does not end the command, not even at the start."""
    file = tmp_path / "web.yaml"
    file.write_text("kind: [")
    with running("analyze", "--watch", str(file), polls=True) as process:
        process.until("cannot be read")
        process.until("watching 1 file")
        file.write_text(SERVICE.format(port=80))
        process.until(f"{file} changed")


def test_compile_prints_what_changed_and_nothing_twice(tmp_path: Path) -> None:
    """The configuration is printed when it differs; an edit without effect says so."""
    (tmp_path / "pod.yaml").write_text(POD)
    file = tmp_path / "web.yaml"
    file.write_text(SERVICE.format(port=80))
    arguments = ("compile", "--watch", "-p", "web-0.shop", "--type", "routes", str(tmp_path))
    with running(*arguments, polls=True) as process:
        assert any('"name": "80"' in line for line in process.until("watching 2 files"))
        file.write_text(SERVICE.format(port=8088))
        assert any('"name": "8088"' in line for line in process.until("}"))
        file.write_text(
            SERVICE.format(port=8088)
            + "# a comment\n---\n"
            + SERVICE.format(port=80).replace("Service", "Secret").split("spec")[0]
        )
        process.until("the output is as before")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("-f", "-"), "cannot read standard input again"), (("-k", "."), "pass files or folders")],
)
def test_what_cannot_be_watched_is_refused(arguments: tuple[str, ...], message: str) -> None:
    """Input that is not files is refused with the way out."""
    command = [sys.executable, "-m", "meshcompile", "validate", "--watch", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 2
    assert message in done.stderr
