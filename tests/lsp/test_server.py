"""The language server, tested with a client of the protocol."""

# mypy: disable-error-code="union-attr, arg-type, misc"

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

ROOT = Path(__file__).parents[2]
SERVICES = """\
apiVersion: v1
kind: Service
metadata: {name: catalog, namespace: shop}
spec:
  ports: [{name: http, port: 80}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: catalog, namespace: shop}
spec:
  host: catalog
  subsets:
    - name: stable
      labels: {version: v1}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: shop}
spec:
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
"""
RULES = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web.example]
  gateways:
    - front
  http:
    - route:
        - destination:
            host: catalog
            subset: stabel
"""
TIMEOUT = 60


class Editor:
    """An editor with one file open."""

    def __init__(self, client: LanguageClient, folder: Path) -> None:
        self.client = client
        self.uri = (folder / "rules.yaml").as_uri()
        self.published: asyncio.Queue[lsp.PublishDiagnosticsParams] = asyncio.Queue()
        self.version = 0

        @client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def publish(params: lsp.PublishDiagnosticsParams) -> None:
            self.published.put_nowait(params)

    async def start(self, folder: Path) -> None:
        command = [sys.executable, "-m", "meshcompile", "lsp"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        await self.client.start_io(*command, env=environment, cwd=str(folder))
        await self.client.initialize_async(
            lsp.InitializeParams(capabilities=lsp.ClientCapabilities(), root_uri=folder.as_uri())
        )
        self.client.initialized(lsp.InitializedParams())

    async def open(self, text: str) -> list[lsp.Diagnostic]:
        item = lsp.TextDocumentItem(self.uri, "yaml", 0, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return await self.diagnostics()

    async def type(self, text: str) -> list[lsp.Diagnostic]:
        self.version += 1
        document = lsp.VersionedTextDocumentIdentifier(uri=self.uri, version=self.version)
        change = lsp.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [change]))
        return await self.diagnostics()

    async def diagnostics(self) -> list[lsp.Diagnostic]:
        """The next diagnostics that the server publishes for the open file."""
        while True:
            published = await asyncio.wait_for(self.published.get(), TIMEOUT)
            if published.uri == self.uri:
                return list(published.diagnostics)

    def at(self, row: int, column: int) -> dict[str, object]:
        return {"text_document": lsp.TextDocumentIdentifier(self.uri), "position": lsp.Position(row, column)}

    async def hover(self, row: int, column: int) -> str:
        found = await self.client.text_document_hover_async(lsp.HoverParams(**self.at(row, column)))
        return found.contents.value if found else ""

    async def definition(self, row: int, column: int) -> list[tuple[str, int]]:
        found = await self.client.text_document_definition_async(lsp.DefinitionParams(**self.at(row, column)))
        return [(Path(each.uri).name, each.range.start.line) for each in found]

    async def completion(self, row: int, column: int) -> list[str]:
        found = await self.client.text_document_completion_async(lsp.CompletionParams(**self.at(row, column)))
        return [item.label for item in found]


def edited(folder: Path, session: Callable[[Editor], Awaitable[None]]) -> None:
    """Run an editor session with its own server."""

    async def run() -> None:
        editor = Editor(LanguageClient("test", "1"), folder)
        await editor.start(folder)
        try:
            await asyncio.wait_for(session(editor), 2 * TIMEOUT)
        finally:
            await editor.client.shutdown_async(None)
            editor.client.exit(None)
            await editor.client.stop()

    asyncio.run(run())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace with saved services and rules."""
    (tmp_path / "services.yaml").write_text(SERVICES)
    (tmp_path / "rules.yaml").write_text(RULES)
    return tmp_path


def codes(found: list[lsp.Diagnostic]) -> list[object]:
    return [each.code for each in found if each.severity == lsp.DiagnosticSeverity.Error]


@pytest.mark.slow
def test_diagnostics_follow_the_text(folder: Path) -> None:
    """Diagnostics follow the unsaved text: a mistake adds one, a correction removes it. Invalid YAML is one too."""

    async def session(editor: Editor) -> None:
        found = await editor.open(RULES)
        (subset,) = [each for each in found if each.code == "IST0101"]
        assert (subset.range.start.line, subset.range.start.character) == (11, 12)
        assert codes(await editor.type(RULES.replace("stabel", "stable"))) == []
        assert codes(await editor.type(f"{RULES}    - route: [\n")) == ["MC0001"]
        assert codes(await editor.type(RULES)) == ["IST0101"]

    edited(folder, session)


@pytest.mark.slow
def test_hover_definition_and_completion(folder: Path) -> None:
    """Hover shows the effect of a finding; hosts, subsets and gateways have definitions, and complete while typing."""

    async def session(editor: Editor) -> None:
        await editor.open(RULES)
        assert "requests get 503 NC" in await editor.hover(11, 22)
        assert await editor.hover(1, 2) == ""
        assert await editor.definition(10, 20) == [("services.yaml", 0)]
        assert await editor.definition(6, 7) == [("services.yaml", 15)]
        await editor.type(RULES.replace("stabel", "stable"))
        assert await editor.definition(11, 22) == [("services.yaml", 12)]
        unfinished = RULES.replace("subset: stabel", "subset: ").replace("host: catalog", "host: cat")
        await editor.type(unfinished)
        assert "catalog" in await editor.completion(10, 21)
        await editor.type(RULES.replace("subset: stabel", "subset: "))
        assert await editor.completion(11, 20) == ["stable"]
        await editor.type(RULES.replace("- front", "- "))
        assert await editor.completion(6, 6) == ["front", "mesh"]

    edited(folder, session)


@pytest.mark.slow
def test_inputs_of_the_configuration(folder: Path) -> None:
    """Files that meshcompile.yaml names by relative paths are those that are open in the editor."""
    (folder / "meshcompile.yaml").write_text("inputs: [services.yaml, rules.yaml]\nsuppressions: [{code: MC0001}]\n")

    async def session(editor: Editor) -> None:
        assert codes(await editor.open(RULES)) == ["IST0101"]
        assert codes(await editor.type(RULES.replace("stabel", "stable"))) == []
        assert await editor.definition(10, 20) == [("services.yaml", 0)]
        files = {Path(editor.published.get_nowait().uri).name for _ in range(editor.published.qsize())}
        assert files <= {"services.yaml", "rules.yaml", "meshcompile.yaml"}

    edited(folder, session)


@pytest.mark.slow
def test_the_server_ends_without_a_failure(folder: Path) -> None:
    """The exit status is 0 after the client asks the server to exit."""
    messages = (
        {"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}},
        {"method": "initialized", "params": {}},
        {"id": 2, "method": "shutdown"},
        {"method": "exit"},
    )
    texts = (json.dumps({"jsonrpc": "2.0", **each}).encode() for each in messages)
    done = subprocess.run(
        [sys.executable, "-m", "meshcompile", "lsp"],
        input=b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(text), text) for text in texts),
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        cwd=folder,
        capture_output=True,
        timeout=2 * TIMEOUT,
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.slow
def test_fixes_are_quick_fixes(folder: Path) -> None:
    """A fix of a finding is a quick fix that changes the text."""

    async def session(editor: Editor) -> None:
        await editor.open(RULES)
        spot = lsp.Position(11, 20)
        params = lsp.CodeActionParams(
            lsp.TextDocumentIdentifier(editor.uri), lsp.Range(spot, spot), lsp.CodeActionContext([])
        )
        (action,) = await editor.client.text_document_code_action_async(params)
        ((edit,),) = action.edit.changes.values()
        assert (edit.new_text, edit.range.start.character, edit.range.end.character) == ("stable", 20, 26)

    edited(folder, session)
