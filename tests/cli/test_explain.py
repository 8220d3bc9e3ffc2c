"""`meshcompile explain`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import MESH, Run

POLICY = """
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: readers, namespace: shop}
spec:
  rules: [{to: [{operation: {methods: [GET]}}]}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A mesh with two workloads, and a policy."""
    path = tmp_path / "shop.yaml"
    web = MESH.replace("catalog", "web").replace("10.96.0.10", "10.96.0.11")
    path.write_text(MESH + "---\n" + web + POLICY)
    return path


def test_the_sentence_comes_last(run: Run, shop: Path) -> None:
    """The text has the way first, then the line to change, and the outcome last."""
    done = run("explain", "post", "http://catalog/items", "--from", "deployment/web.shop", "-f", shop)
    lines = done.out.splitlines()
    assert done.status == 0
    assert lines[0] == "POST http://catalog/items from deployment/web.shop"
    assert lines[-1].startswith(
        "403 at the proxy of catalog: policy shop/readers does not match: header :method is `POST`"
    )
    assert f"  {shop}:44  spec.rules[0].to[0].operation.methods[0]" in lines


def test_json_and_a_request_in_a_file(run: Run, shop: Path, tmp_path: Path) -> None:
    """A request can be a file, as in a list of stories, and the trace is JSON."""
    story = tmp_path / "story.yaml"
    story.write_text("request: {from: deployment/web.shop, method: POST, url: http://catalog/items}\n")
    done = run("explain", "--request", story, "-f", shop, "-o", "json")
    data = json.loads(done.out)
    assert data["outcome"]["status"] == 403
    assert data["blame"][0]["line"] == 44


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "expected a URL"),
        (["http://catalog/", "-H", "x"], "expected 'name: value'"),
        (["http://catalog/", "--claims", "{"], "this is not JSON"),
        (["http://catalog/", "--given", "a=http"], "expected HOST:PORT"),
        (["http://catalog/", "--from", "deployment/wep.shop"], "did you mean"),
    ],
)
def test_mistakes(run: Run, shop: Path, arguments: list[str], why: str) -> None:
    """A mistake is wrong usage, with what was expected."""
    done = run("explain", *arguments, "-f", shop)
    assert done.status == 2
    assert why in done.err
