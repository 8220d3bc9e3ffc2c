"""A JUnit report: one test case per finding."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.findings.formats.concise import plain
from meshcompile.findings.report import Finding, Invocation


def junit(findings: Sequence[Finding], invocation: Invocation) -> str:
    """A test suite. A finding that makes the command fail is a failure; any other is a test case with output.

    Without findings, the suite has one test case that passed.
    """
    failures = sum(finding.diagnostic.severity >= invocation.fail_on for finding in findings)
    counts = {"tests": str(max(len(findings), 1)), "failures": str(failures), "errors": "0"}
    top = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(top, "testsuite", {"name": "meshcompile", **counts})
    for finding in findings:
        _add_case(suite, finding.diagnostic, invocation.fail_on)
    if not findings:
        ElementTree.SubElement(suite, "testcase", {"name": "All checks passed", "classname": "meshcompile"})
    ElementTree.indent(top)
    return ElementTree.tostring(top, encoding="unicode", xml_declaration=True) + "\n"


def _add_case(suite: ElementTree.Element, diagnostic: Diagnostic, fail_on: Severity) -> None:
    name = f"{diagnostic.code} {diagnostic.slug} {diagnostic.object_name}".strip()
    attributes = {"name": plain(name), "classname": plain(diagnostic.file), "file": plain(diagnostic.file)}
    case = ElementTree.SubElement(suite, "testcase", {**attributes, "line": str(diagnostic.line)})
    text = plain(
        "\n".join(part for part in (str(diagnostic), diagnostic.suggestion, *map(str, diagnostic.related)) if part)
    )
    if diagnostic.severity >= fail_on:
        failure = {"message": plain(diagnostic.message), "type": str(diagnostic.severity)}
        ElementTree.SubElement(case, "failure", failure).text = text
    else:
        ElementTree.SubElement(case, "system-out").text = text
