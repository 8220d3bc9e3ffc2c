"""Which findings count: selection, suppressions, baselines, thresholds and statistics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meshcompile.codes.project import UNUSED_SUPPRESSION
from tests.cli.conftest import MESH, Run

LOST = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: web
  namespace: shop
spec:
  hosts: [catalog]
  http:
    - route:
        - destination:
            host: catalog
            subset: v9
            port:
              number: 9999
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: catalog, namespace: shop}
spec: {host: catalog, trafficPolicy: {tls: {mode: SIMPLE}}}
"""
SUBSET, PORT, VERIFY = ("IST0101", "subset"), ("IST0101", "number"), ("IST0128", "tls")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a service and a file of three findings."""
    monkeypatch.chdir(tmp_path)
    Path("mesh.yaml").write_text(MESH)
    Path("lost.yaml").write_text(LOST)
    return tmp_path


def found(run: Run, *arguments: str, text: str = LOST) -> list[tuple[str, str]]:
    """The code and the last part of the field of each finding."""
    Path("lost.yaml").write_text(text)
    done = run("analyze", "mesh.yaml", "lost.yaml", "-o", "json", *arguments)
    return [(item["code"], item["field"].rpartition(".")[2]) for item in json.loads(done.out)]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], [SUBSET, PORT, VERIFY]),
        (["--select", "IST0128"], [VERIFY]),
        (["--select", "no-server-verification"], [VERIFY]),
        (["--select", "ist01", "--ignore", "IST0101"], [VERIFY]),
        (["--select", "IST0101,IST0128", "--ignore", "IST"], [SUBSET, PORT, VERIFY]),
        (["--ignore", "IST0101", "--ignore", "IST0128"], []),
        (["--select", "IST0101", "--ignore", "IST0101"], []),
        (["--suppress", "IST0101=VirtualService/web.shop"], [VERIFY]),
        (["--suppress", "IST01*=*/*.sh?p"], []),
        (["--suppress", "referenced-resource-not-found=*"], [VERIFY]),
        (["--suppress", "IST0101=VirtualService/w*"], [VERIFY]),
        (["--severity-threshold", "error"], [SUBSET, PORT]),
    ],
    ids=lambda value: " ".join(value) if value and isinstance(value[0], str) else "",
)
def test_options_choose(run: Run, arguments: list[str], expected: list[tuple[str, str]]) -> None:
    """Codes are chosen by their beginnings or names, and the more specific choice wins; objects by patterns."""
    assert found(run, *arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--select", "IST9999"], "--select: there is no code 'IST9999'"),
        (["--ignore", "unknown-feild"], "there is no code 'unknown-feild'; did you mean 'unknown-field'?"),
        (["--suppress", "IST0101"], "--suppress IST0101: expected CODE=KIND/NAME.NAMESPACE"),
        (["--update-baseline"], "--update-baseline needs the --baseline FILE"),
        (["--statistics", "-o", "sarif"], "--statistics does not support -o sarif"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.parametrize("command", ["validate", "analyze"])
def test_what_can_match_nothing_is_wrong_usage(run: Run, command: str, arguments: list[str], message: str) -> None:
    """A code that does not exist, another form of a suppression and options without sense exit with 2."""
    done = run(command, "mesh.yaml", *arguments)
    assert (done.status, done.out) == (2, "")
    assert message in done.err


def test_codes_of_plugins_are_not_known(run: Run) -> None:
    """A code with a beginning of its own may belong to a check that is not installed here."""
    assert found(run, "--ignore", "ACME001") == [SUBSET, PORT, VERIFY]


def commented(line: str, comment: str, *, above: bool = False) -> str:
    """The text with a comment at a line's end, or on a line of its own above it."""
    indent = line[: len(line) - len(line.lstrip())]
    return LOST.replace(f"{line}\n", f"{indent}{comment}\n{line}\n" if above else f"{line}  {comment}\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (commented("            subset: v9", "# meshcompile: ignore[IST0101] it is deployed later"), [PORT, VERIFY]),
        (commented("            subset: v9", "# meshcompile: ignore"), [PORT, VERIFY]),
        (commented("            subset: v9", "#meshcompile: ignore[IST0109, IST0101]"), [PORT, VERIFY]),
        (commented("            subset: v9", "# meshcompile: ignore[IST0101]", above=True), [PORT, VERIFY]),
        (commented("            port:", "# meshcompile: ignore[IST0101]", above=True), [SUBSET, VERIFY]),
        (commented("        - destination:", "# meshcompile: ignore[IST0101]", above=True), [VERIFY]),
        (commented("spec:", "# meshcompile: ignore[IST0101]", above=True), [VERIFY]),
        (f"# meshcompile: ignore[IST0101] of another repository\n\n# A route.\n{LOST}", [VERIFY]),
        (LOST.replace("---\n", "---\n# meshcompile: ignore\n"), [SUBSET, PORT]),
        (commented("            subset: v9", "# meshcompile: ignore[IST0101]").replace("\n", "\r\n"), [PORT, VERIFY]),
    ],
)
def test_comments_suppress(run: Run, text: str, expected: list[tuple[str, str]]) -> None:
    """At a line's end a comment covers the line; on its own, what stands below with all inside."""
    assert found(run, text=text) == expected


UNUSED = ("MC1401", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (commented("            subset: v9", "# meshcompile: ignore[IST0109]"), [SUBSET, UNUSED, PORT, VERIFY]),
        (commented("  name: web", "# meshcompile: ignore"), [UNUSED, SUBSET, PORT, VERIFY]),
        (
            LOST.replace("  name: web\n", '  name: web\n  annotations: {a: "# meshcompile: ignore"}\n'),
            [SUBSET, PORT, VERIFY],
        ),
        (
            LOST.replace(
                "  name: web\n", "  name: web\n  annotations:\n    a: |\n      # meshcompile: ignore\n      b\n"
            ),
            [SUBSET, PORT, VERIFY],
        ),
    ],
)
def test_unused_comments_are_reported(run: Run, text: str, expected: list[tuple[str, str]]) -> None:
    """A comment that covers nothing is a finding at the comment; what is no comment is none."""
    assert found(run, text=text) == expected


def test_the_place_of_an_unused_comment(run: Run) -> None:
    """The finding stands at the comment, and the option is named."""
    Path("lost.yaml").write_text(commented("  name: web", "# meshcompile: ignore[IST0101]"))
    done = run("analyze", "mesh.yaml", "lost.yaml", "--suppress", "IST0112=Gateway/*")
    assert "lost.yaml:4:14: warning: the comment `ignore[IST0101]` suppresses nothing [MC1401 " in done.out
    assert "<command line>: warning: `IST0112=Gateway/*.*` suppresses nothing" in done.out


@pytest.mark.parametrize(
    "arguments", [["--ignore", "IST0109"], ["--ignore", UNUSED_SUPPRESSION.id], ["--select", "IST"]]
)
def test_what_is_not_checked_is_not_unused(run: Run, arguments: list[str]) -> None:
    """A comment for a code that is left out is not reported."""
    text = commented("            subset: v9", "# meshcompile: ignore[IST0109]")
    assert found(run, *arguments, text=text) == [SUBSET, PORT, VERIFY]


def test_validate_does_not_report_unused_comments(run: Run) -> None:
    """`validate` runs few checks, so it cannot tell."""
    Path("lost.yaml").write_text(commented("            subset: v9", "# meshcompile: ignore[IST0101]"))
    assert run("validate", "mesh.yaml", "lost.yaml").out == ""


def test_a_baseline_shows_what_is_new(run: Run) -> None:
    """After `--update-baseline`, only new findings are printed and count; fixed ones are named with -v."""
    arguments = ["analyze", "mesh.yaml", "lost.yaml", "--baseline", "known.json"]
    written = run(*arguments, "--update-baseline")
    assert (written.status, written.out) == (0, "")
    same = run(*arguments)
    assert (same.status, same.out) == (0, "")
    assert "0 introduced, 0 fixed, 3 unchanged" in same.err
    Path("lost.yaml").write_text("# moved\n" + LOST.replace("v9", "v8").replace("mode: SIMPLE", "mode: ISTIO_MUTUAL"))
    changed = run(*arguments, "-v")
    assert changed.status == 1
    assert "subset `v8`" in changed.out
    assert "9999" not in changed.out
    assert "1 introduced, 2 fixed, " in changed.err
    assert "fixed: lost.yaml: no DestinationRule defines subset `v9`" in changed.err


def test_states_in_data(run: Run) -> None:
    """JSON and SARIF say which findings are new; formats without states print those only."""
    arguments = ["analyze", "mesh.yaml", "lost.yaml", "--baseline", "known.json"]
    run(*arguments, "--update-baseline")
    Path("lost.yaml").write_text(LOST.replace("v9", "v8"))
    assert [item["state"] for item in json.loads(run(*arguments, "-o", "json").out)] == [
        "introduced", "unchanged", "unchanged",
    ]  # fmt: skip
    (log,) = json.loads(run(*arguments, "-o", "sarif").out)["runs"]
    assert [result["baselineState"] for result in log["results"]] == ["new", "unchanged", "unchanged"]
    assert len(json.loads(run(*arguments, "-o", "gitlab").out)) == 1


def test_a_baseline_does_not_depend_on_lines(run: Run) -> None:
    """The file stays the same when lines move, so that it changes only with findings."""
    arguments = ["analyze", "mesh.yaml", "lost.yaml", "--baseline", "known.json", "--update-baseline"]
    run(*arguments)
    before = Path("known.json").read_text()
    Path("lost.yaml").write_text(f"\n\n# moved\n{LOST}")
    run(*arguments)
    assert Path("known.json").read_text() == before


@pytest.mark.parametrize(
    ("text", "status", "message"),
    [
        (None, 3, "known.json: No such file"),
        ("[]", 2, "known.json is not a baseline"),
        ("{", 2, "known.json is not a baseline"),
        ('{"version": 2}', 2, "a baseline of version 2"),
    ],
)
def test_a_file_that_is_no_baseline(run: Run, text: str | None, status: int, message: str) -> None:
    """A baseline that is not there or cannot be read says so; it never counts as empty."""
    if text is not None:
        Path("known.json").write_text(text)
    done = run("analyze", "mesh.yaml", "lost.yaml", "--baseline", "known.json")
    assert (done.status, done.out) == (status, "")
    assert message in done.err


def test_exit_zero(run: Run) -> None:
    """`--exit-zero` prints what is found, and exits with 0; input that cannot be read is status 3 all the same."""
    assert run("analyze", "mesh.yaml", "lost.yaml").status == 1
    done = run("analyze", "mesh.yaml", "lost.yaml", "--exit-zero")
    assert (done.status, "IST0101" in done.out) == (0, True)
    assert run("analyze", "none.yaml", "--exit-zero").status == 3


def test_statistics(run: Run) -> None:
    """`--statistics` counts codes, the most frequent one first, as text and as data."""
    done = run("analyze", "mesh.yaml", "lost.yaml", "--statistics")
    assert done.out == "2  IST0101  referenced-resource-not-found\n1  IST0128  no-server-verification\n"
    counts = json.loads(run("analyze", "mesh.yaml", "lost.yaml", "--statistics", "-o", "json").out)
    assert counts[0] == {"count": 2, "code": "IST0101", "slug": "referenced-resource-not-found"}
