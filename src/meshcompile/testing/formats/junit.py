"""A JUnit report: one test case per test."""

from xml.etree import ElementTree

from meshcompile.explain.report import report
from meshcompile.findings.colours import uncoloured
from meshcompile.findings.formats.concise import plain
from meshcompile.testing.formats.tap import said
from meshcompile.testing.judge import Verdict
from meshcompile.testing.results import SuiteResults


def junit(results: SuiteResults) -> str:
    """A test suite for each file. A file that cannot be used has a test case with an error."""
    top = ElementTree.Element("testsuites", _counts(results))
    for file in dict.fromkeys(_files(results)):
        part = SuiteResults(
            tuple(each for each in results.verdicts if each.test.origin.file == file),
            tuple(each for each in results.errors if each.file == file),
        )
        suite = ElementTree.SubElement(top, "testsuite", {"name": plain(file), **_counts(part)})
        for verdict in part.verdicts:
            _add_case(suite, verdict)
        for finding in part.errors:
            case = _case(suite, "suite", file, finding.line)
            _add(case, "error", finding.message, str(finding))
    ElementTree.indent(top)
    return ElementTree.tostring(top, encoding="unicode", xml_declaration=True) + "\n"


def _files(results: SuiteResults) -> list[str]:
    return [*(each.test.origin.file for each in results.verdicts), *(each.file for each in results.errors)]


def _counts(results: SuiteResults) -> dict[str, str]:
    errors = results.count("error") + len(results.errors)
    tests = len(results.verdicts) + len(results.errors)
    return {"tests": str(tests), "failures": str(results.count("failed")), "errors": str(errors)}


def _case(suite: ElementTree.Element, name: str, file: str, line: int) -> ElementTree.Element:
    attributes = {"name": plain(name), "classname": plain(file), "file": plain(file), "line": str(line)}
    return ElementTree.SubElement(suite, "testcase", attributes)


def _add(case: ElementTree.Element, tag: str, message: str, text: str) -> None:
    ElementTree.SubElement(case, tag, {"message": plain(message)}).text = plain(text)


def _add_case(suite: ElementTree.Element, verdict: Verdict) -> None:
    origin = verdict.test.origin
    case = _case(suite, verdict.test.name, origin.file, origin.line)
    lines = list(said(verdict))
    trace = report(verdict.trace, uncoloured) if verdict.trace is not None else ""
    match verdict.result:
        case "failed":
            _add(case, "failure", lines[0], "\n".join((*lines, "", trace)))
        case "error":
            _add(case, "error", lines[0], "\n".join(lines))
        case _:
            return
