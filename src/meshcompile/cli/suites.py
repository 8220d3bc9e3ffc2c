"""The suites of `meshcompile test`: which files they are, and the tests in them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from meshcompile.cli.console import UsageError

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Diagnostic, Mesh
    from meshcompile.documents import Document
    from meshcompile.testing.suites import MeshTest, SuiteReading

AUTO, OWN = "auto", "meshtest"
FOREIGN = ("istio-config-validator", "router-check")


def suite_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the suites and their format."""
    parser.add_argument(
        "suites",
        nargs="*",
        metavar="PATH",
        help="suite, or folder with *.meshtest.yaml files (default: the folders of the input)",
    )
    parser.add_argument(
        "--format", choices=(AUTO, OWN, *FOREIGN), default=AUTO, help="format of the suites (default: %(default)s)"
    )
    parser.add_argument(
        "--from", dest="sender", metavar="WORKLOAD", default="",
        help="sender of tests whose format has none: istio-config-validator, router-check",
    )  # fmt: skip


def documents_of(options: argparse.Namespace) -> tuple[list[Document], list[Diagnostic]]:
    """The documents of the suites, and findings. Raises UnreadableInput if a file cannot be read."""
    from meshcompile.cli.limits import limits
    from meshcompile.documents import Document
    from meshcompile.source.ignored import Selection
    from meshcompile.source.reading import UNREADABLE, UnreadableInput
    from meshcompile.source.suites import SUITES, suite_documents, suite_files

    suffixes = (".yaml", ".yml", ".json") if options.format in FOREIGN else SUITES
    paths = options.suites or [path for path in options.files if Path(path).is_dir()]
    files = suite_files(paths, Selection(tuple(options.exclude), options.gitignore), suffixes)
    found = list(suite_documents(files, limits(options)))
    wrong = [each for each in found if not isinstance(each, Document)]
    if any(each.code in UNREADABLE for each in wrong):
        raise UnreadableInput(tuple(wrong))
    return [each for each in found if isinstance(each, Document)], wrong


def tests_of(documents: Sequence[Document], mesh: Mesh, options: argparse.Namespace) -> SuiteReading:
    """The tests of documents in any format."""
    from meshcompile.testing.foreign import FORMATS, foreign_tests
    from meshcompile.testing.senders import AssumedSenders
    from meshcompile.testing.suites import MeshTest, SuiteReading, suites

    tests: list[MeshTest] = []
    wrong: list[Diagnostic] = []
    senders = AssumedSenders(mesh, options.sender)
    for document in documents:
        formats = [each for each in FORMATS.values() if options.format in (AUTO, each.name)]
        format_ = next((each for each in formats if each.recognises(document.value)), None)
        if format_ is not None:
            made = list(foreign_tests(document, format_, senders))
            reading = SuiteReading(
                tuple(each for each in made if isinstance(each, MeshTest)),
                tuple(each for each in made if not isinstance(each, MeshTest)),
            )
        elif options.format in FOREIGN:
            continue  # another file of the folder
        else:
            reading = suites([document])
        tests += reading.tests
        wrong += reading.diagnostics
    return SuiteReading(tuple(tests), tuple(dict.fromkeys(wrong)))


def selected(tests: Sequence[MeshTest], expression: str) -> tuple[MeshTest, ...]:
    """The tests that an expression selects."""
    if not expression:
        return tuple(tests)
    from meshcompile.testing.selection import selection

    selects = selection(expression)
    return tuple(test for test in tests if selects(f"{test.origin.file} {test.name}"))


def nothing_to_run(options: argparse.Namespace, reading: SuiteReading) -> UsageError:
    """The error if there is no test."""
    if reading.tests:
        return UsageError(f"-k {options.selected!r} selects none of {len(reading.tests)} tests")
    where = ", ".join(options.suites) or "the folders of the input"
    hint = (
        f"none is in the format {options.format}" if options.format in FOREIGN else "suites are *.meshtest.yaml files"
    )
    return UsageError(f"no tests in {where}: {hint}")
