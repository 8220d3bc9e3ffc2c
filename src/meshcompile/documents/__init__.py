"""YAML text into Documents that know the place of every key and value.

This package stands below `meshcompile.diagnostics`; `meshcompile.source`, above it, reads files, folders and texts.
"""

from meshcompile.documents.document import NOWHERE, Document, Origin
from meshcompile.documents.position import Path, Position, SourceSpan

__all__ = ["NOWHERE", "Document", "Origin", "Path", "Position", "SourceSpan"]
