"""Coverage as Cobertura XML, which GitLab, Jenkins and Azure DevOps read."""

from collections.abc import Mapping
from xml.etree import ElementTree

from meshcompile.findings.formats.concise import plain
from meshcompile.findings.paths import relative_path
from meshcompile.testing.coverage import Coverage


def cobertura(coverage: Coverage) -> str:
    """One class for each file. There is no time in it, so equal coverage gives equal bytes."""
    files = {file: part.lines() for file, part in coverage.by_file().items()}
    top = ElementTree.Element("coverage", _totals([count for lines in files.values() for count in lines.values()]))
    ElementTree.SubElement(ElementTree.SubElement(top, "sources"), "source").text = "."
    packages = ElementTree.SubElement(top, "packages")
    package = ElementTree.SubElement(packages, "package", {"name": "mesh", **_rates(top.attrib["line-rate"])})
    classes = ElementTree.SubElement(package, "classes")
    for file, lines in files.items():
        _add_file(classes, file, lines)
    ElementTree.indent(top)
    return ElementTree.tostring(top, encoding="unicode", xml_declaration=True) + "\n"


def _totals(counts: list[int]) -> dict[str, str]:
    covered = sum(count > 0 for count in counts)
    numbers = {"lines-covered": str(covered), "lines-valid": str(len(counts))}
    branches = {"branches-covered": "0", "branches-valid": "0"}
    return {**_rates(_rate(counts)), **numbers, **branches, "version": "1", "timestamp": "0"}


def _rates(rate: str) -> dict[str, str]:
    return {"line-rate": rate, "branch-rate": "0", "complexity": "0"}


def _rate(counts: list[int]) -> str:
    return f"{sum(count > 0 for count in counts) / len(counts):.4f}" if counts else "1"


def _add_file(classes: ElementTree.Element, file: str, lines: Mapping[int, int]) -> None:
    name = plain(relative_path(file))
    rates = _rates(_rate(list(lines.values())))
    element = ElementTree.SubElement(classes, "class", {"name": name, "filename": name, **rates})
    ElementTree.SubElement(element, "methods")
    numbered = ElementTree.SubElement(element, "lines")
    for line, count in lines.items():
        ElementTree.SubElement(numbered, "line", {"number": str(line), "hits": str(count)})
