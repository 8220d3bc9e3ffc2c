"""Named texts and rendered output, without the programs that render."""

from __future__ import annotations

import pytest

import meshcompile
from meshcompile.documents.helm_output import by_template
from meshcompile.documents.named_text import NamedText
from meshcompile.render.cluster import resources
from meshcompile.render.helm import helm_command
from meshcompile.render.programs import shown

GATEWAY = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, namespace: shop}
spec:
  selectr: {app: web}
"""


def test_findings_name_the_text_and_count_the_lines_before_it() -> None:
    """A named text has its name as the file, and lines count from the start of its source."""
    mesh = meshcompile.load([NamedText("made:up", GATEWAY, line=10), NamedText("made:down", GATEWAY)])
    assert [str(found.origin) for found in mesh.diagnostics if found.rejected] == ["made:down:5:3", "made:up:15:3"]


@pytest.mark.parametrize("first", ["", f"{GATEWAY}---\n"])
def test_lines_of_what_is_not_yaml(first: str) -> None:
    """A malformed document has the right line, whether it is the first or a later one."""
    text = NamedText("made:up", f"{first}a: 1\na: 2\n---\n{GATEWAY}", line=100)
    [found] = [found for found in meshcompile.load(text).diagnostics if found.code == "MC0002"]
    assert str(found.origin) == f"made:up:{102 + first.count(chr(10))}:1"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_templates_of_a_chart(newline: str) -> None:
    """Each `# Source:` comment names the documents after it, with lines of the whole output, and no text is lost."""
    text = newline.join(
        ("", "a: 1", "---", "# Source: shop/templates/a.yaml", "b: 1", "---", "c: 1", "")
    ) + newline.join(("---", "# Source: shop/charts/sub/templates/b.yaml", "d: 1", ""))
    parts = by_template(text, "rendered:shop")
    assert [(part.name, part.line) for part in parts] == [
        ("rendered:shop", 0),
        ("rendered:shop/templates/a.yaml", 2),
        ("rendered:shop/charts/sub/templates/b.yaml", 7),
    ]
    assert "".join(part.text for part in parts) == text


def test_nothing_rendered_is_no_text() -> None:
    """A chart that renders nothing gives no texts."""
    assert by_template("\n", "rendered:shop") == ()


@pytest.mark.parametrize(
    ("chart", "release"),
    [
        ("charts/Shop", "shop"),
        ("charts/shop/", "shop"),
        ("shop-1.2.tgz", "shop-1-2"),
        ("oci://example.com/charts/my_shop", "my-shop"),
        ("/", "release"),
        ("x" * 80, "x" * 53),
    ],
)
def test_the_release_is_called_like_the_chart(chart: str, release: str) -> None:
    """A release has a valid name for helm, which is derived from the chart unless another is given."""
    assert helm_command(chart)[-2] == release
    assert helm_command(chart, "mine")[-2:] == ("mine", chart)


def test_a_chart_is_never_an_option() -> None:
    """A chart whose name begins with a dash is passed as a path."""
    assert helm_command("-x")[-1] == "./-x"


def test_a_command_is_shown_as_one_would_type_it() -> None:
    """Words are quoted for the shell, and a repeated option is shown once."""
    assert shown(("helm", "template", "--set=a=b c")) == "helm template '--set=a=b c'"
    assert shown(("helm", *(f"--api-versions=v{n}" for n in range(9)), "x")) == "helm --api-versions=... x"


def test_resources_of_a_cluster() -> None:
    """Only supported kinds and versions are listed, by full name, and never Secrets."""
    listed = """\
secrets                             v1                           true    Secret
services            svc             v1                           true    Service
virtualservices     vs              networking.istio.io/v1       true    VirtualService
virtualservices     vs              networking.istio.io/v9       true    VirtualService
gateways                            networking.istio.io/v1       true    Gateway
gateways            gtw,gw          example.com/v1               true    Gateway
error: unable to retrieve the complete list
"""
    assert list(resources(listed)) == [
        "services",
        "virtualservices.v1.networking.istio.io",
        "gateways.v1.networking.istio.io",
    ]
