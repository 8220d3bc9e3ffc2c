"""The names of files in reports."""

from __future__ import annotations

from posixpath import normpath
from urllib.parse import quote


def relative_path(file: str) -> str:
    """The name as platforms match it with the files of a repository: without `./`, and with `/` between folders."""
    return normpath(file.replace("\\", "/")) if file else file


def uri(file: str) -> str:
    """The file as a URI reference."""
    path = quote(relative_path(file).encode(errors="surrogatepass"), safe="/~!$&'()*+,;=@-._")
    return f"file://{path}" if path.startswith("/") else path
