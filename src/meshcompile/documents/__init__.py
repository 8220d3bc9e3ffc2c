"""Parses YAML text into Documents that know the position of every key and value.

This package is a layer below `meshcompile.diagnostics`. `meshcompile.source`, a layer above, reads files, directories
and texts.
"""

from meshcompile.documents.document import NOWHERE, Document, Origin
from meshcompile.documents.position import Path, Position, SourceSpan

__all__ = ["NOWHERE", "Document", "Origin", "Path", "Position", "SourceSpan"]
