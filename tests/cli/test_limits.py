"""The options that limit the input."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from meshcompile.cli.limits import size
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("1024", 1024), ("2Ki", 2048), ("64Mi", 64 * 2**20), ("1Gi", 2**30), ("3M", 3_000_000)],
)
def test_sizes(text: str, number: int) -> None:
    """A size is a number of bytes, optionally with a unit of Kubernetes."""
    assert size(text) == number


@pytest.mark.parametrize("text", ["", "-1", "1.5Mi", "1 Mi", "Mi", "1mb", "١", "9" * 30])
def test_what_is_no_size(text: str) -> None:
    """Any other size is rejected."""
    with pytest.raises(argparse.ArgumentTypeError, match="is not a size"):
        size(text)


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("--max-size", "100", "MC0007"),
        ("--max-document-size", "100", "MC0007"),
        ("--max-depth", "3", "MC0005"),
        ("--max-aliases", "0", "MC0006"),
    ],
)
def test_each_limit(run: Run, tmp_path: Path, option: str, value: str, code: str) -> None:
    """Input beyond a limit is rejected with its code, and accepted with the default."""
    path = tmp_path / "rule.yaml"
    path.write_text(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, namespace: &shop shop}\n"
        "spec: {hosts: [*shop], http: [{route: [{destination: {host: a}}]}]}\n"
    )
    assert run("validate", path).status == 0
    refused = run("validate", path, option, value)
    assert refused.status == 3
    assert code in refused.err


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--max-depth", "0", "expected 1 to 250"),
        ("--max-depth", "251", "expected 1 to 250"),
        ("--max-depth", "deep", "'deep' is not a number"),
        ("--max-aliases", "-1", "'-1' is not a number"),
        (
            "--max-size",
            "huge",
            "'huge' is not a size: expected a number of bytes, with or without a unit, for example 64Mi",
        ),
    ],
)
def test_wrong_limits(run: Run, mesh: Path, option: str, value: str, message: str) -> None:
    """An invalid limit is wrong usage."""
    done = run("validate", mesh, f"{option}={value}")
    assert (done.status, done.out) == (2, "")
    assert message in done.err


def test_the_deepest_input_that_can_be_allowed(run: Run, tmp_path: Path) -> None:
    """Python can read input of the maximum depth."""
    path = tmp_path / "deep.yaml"
    path.write_text("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: " + "[" * 240 + "]" * 240 + "\n")
    assert run("validate", path, "--max-depth", "250").status == 1
