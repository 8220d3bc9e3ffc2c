"""Where input comes from: documents of YAML and the places in them.

`meshcompile.source.reading` reads files, folders, texts and objects into Documents; it stands above
`meshcompile.diagnostics`, which stands above this package's Document and Origin.
"""

from meshcompile.source.document import NOWHERE, Document, Origin
from meshcompile.source.position import Path, Place, Position

__all__ = ["NOWHERE", "Document", "Origin", "Path", "Place", "Position"]
