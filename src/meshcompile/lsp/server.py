"""The language server, on pygls."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from meshcompile import Diagnostic, Severity, __version__
from meshcompile.documents import Origin, Position
from meshcompile.documents.quote import quote
from meshcompile.lsp.completion import candidates
from meshcompile.lsp.definitions import definitions
from meshcompile.lsp.hover import hover_text
from meshcompile.lsp.meshes import OpenMesh
from meshcompile.lsp.places import column_of_utf16, field_at, utf16_column

SEVERITIES = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.INFO: lsp.DiagnosticSeverity.Information,
}


class MeshServer(LanguageServer):
    """A server for one workspace. The mesh is loaded when the first file is opened."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__("meshcompile", __version__, text_document_sync_kind=lsp.TextDocumentSyncKind.Full)
        self.options = options
        self.open_mesh: OpenMesh | None = None

    def opened(self) -> OpenMesh:
        """The mesh of the workspace."""
        if self.open_mesh is None:
            self.open_mesh = OpenMesh(self.options, self.workspace.root_path or ".")
        return self.open_mesh

    def read(self, uri: str) -> None:
        """Read the text of an open file, and publish the new findings."""
        opened, before = self.opened(), set(self.open_mesh.findings if self.open_mesh else ())
        opened.update(_file(uri), self.workspace.get_text_document(uri).source)
        for file in sorted({_file(uri), *before, *opened.findings}):
            diagnostics = [_diagnostic(diagnostic) for diagnostic in opened.findings.get(file, ())]
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(_uri(file), diagnostics))

    def position(self, uri: str, position: lsp.Position) -> Position:
        """Convert a position of the protocol to one of the compiler."""
        lines = self.workspace.get_text_document(uri).lines
        line = lines[position.line] if position.line < len(lines) else ""
        return Position(position.line + 1, column_of_utf16(line, position.character))


def serve(options: argparse.Namespace) -> None:
    """Serve one client on standard input and output until it exits."""
    server = server_of(options)
    server.start_io()


def server_of(options: argparse.Namespace) -> MeshServer:
    """Create a server and register its features."""
    server = MeshServer(options)
    _add_documents(server)
    _add_navigation(server)
    _add_completion(server)
    _add_fixes(server)
    return server


def _add_documents(server: MeshServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: lsp.DidOpenTextDocumentParams) -> None:
        server.read(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: lsp.DidChangeTextDocumentParams) -> None:
        server.read(params.text_document.uri)


def _add_navigation(server: MeshServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        uri = params.text_document.uri
        diagnostics = server.opened().findings.get(_file(uri), ())
        text = hover_text(diagnostics, server.position(uri, params.position))
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, text)) if text else None

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def definition(params: lsp.DefinitionParams) -> list[lsp.Location]:
        uri, mesh = params.text_document.uri, server.opened().mesh
        field = field_at(mesh.objects, _file(uri), server.position(uri, params.position))
        return [lsp.Location(_uri(place.file), _range(place)) for place in (definitions(mesh, field) if field else ())]


def _add_completion(server: MeshServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[":", " ", "-"]))
    def completion(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        uri, row = params.text_document.uri, params.position.line
        lines = [line.rstrip("\r\n") for line in server.workspace.get_text_document(uri).lines] or [""]
        if row >= len(lines):
            return []
        column = server.position(uri, params.position).column - 1
        names = candidates(server.opened().mesh, lines, row, column)
        return [lsp.CompletionItem(name, kind=lsp.CompletionItemKind.Reference) for name in names]


def _add_fixes(server: MeshServer) -> None:
    @server.feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix])
    )
    def code_action(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        diagnostics = server.opened().findings.get(_file(params.text_document.uri), ())
        lines = range(params.range.start.line + 1, params.range.end.line + 2)
        return [action for diagnostic in diagnostics if diagnostic.line in lines for action in _actions(diagnostic)]


def _actions(diagnostic: Diagnostic) -> Iterable[lsp.CodeAction]:
    """The fixes of a finding."""
    for fix in diagnostic.fixes:
        replacements = [part for edit in fix.edits for part in edit.replacements()]
        excerpt = diagnostic.origin.document.excerpt
        edits = [
            lsp.TextEdit(
                lsp.Range(*(_position(at, (excerpt.line_at(at.line) or "") if excerpt else "") for at in ends)), new
            )
            for ends, new in (((part.start, part.end), part.new) for part in replacements)
        ]
        if edits:
            change = lsp.WorkspaceEdit(changes={_uri(diagnostic.file): edits})
            yield lsp.CodeAction(fix.title, lsp.CodeActionKind.QuickFix, [_diagnostic(diagnostic)], edit=change)


def _diagnostic(diagnostic: Diagnostic) -> lsp.Diagnostic:
    return lsp.Diagnostic(
        _range(diagnostic.origin),
        "\n".join(part for part in (diagnostic.message, diagnostic.suggestion) if part),
        SEVERITIES[diagnostic.severity],
        diagnostic.code,
        source="meshcompile",
        related_information=[
            lsp.DiagnosticRelatedInformation(
                lsp.Location(_uri(related.origin.file), _range(related.origin)), related.message
            )
            for related in diagnostic.related
            if related.origin.line
        ],
    )


def _range(origin: Origin) -> lsp.Range:
    """The range to underline."""
    quoted = quote(origin)
    if quoted is None:
        return lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
    return lsp.Range(_position(quoted.start, quoted.line), _position(quoted.end, quoted.line))


def _position(position: Position, line: str) -> lsp.Position:
    return lsp.Position(position.line - 1, utf16_column(line, position.column))


def _file(uri: str) -> str:
    return to_fs_path(uri) or uri


def _uri(file: str) -> str:
    path = os.path.abspath(file)
    return from_fs_path(path) or path
