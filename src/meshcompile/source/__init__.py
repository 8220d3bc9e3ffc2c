"""Sources of input: documents of YAML and positions in them.

`meshcompile.source.reading` reads files, folders, texts and objects into Documents. It depends on
`meshcompile.diagnostics`, which depends on this package's Document and Origin.
"""

from meshcompile.source.document import NOWHERE, Document, Origin
from meshcompile.source.position import Path, Position, SourceSpan

__all__ = ["NOWHERE", "Document", "Origin", "Path", "Position", "SourceSpan"]
