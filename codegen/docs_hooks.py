"""Hooks for the documentation site, for what its configuration cannot express."""

from __future__ import annotations

import re
from typing import Any

from meshcompile import __version__

_CELL = re.compile(r"<td.*?</td>", re.DOTALL)
_CODE = re.compile(r"<code>(.*?)</code>", re.DOTALL)


def on_config(config: Any) -> Any:
    """Add the version to the footer of every page."""
    config.copyright = f"meshcompile {__version__} · Apache License 2.0"
    return config


def on_page_content(html: str, **_: Any) -> str:
    """Allow browsers to break field paths in tables after a dot. The style sheet forbids other breaks."""
    return _CELL.sub(lambda cell: _CODE.sub(_breakable, cell[0]), html)


def _breakable(code: re.Match[str]) -> str:
    text = re.sub(r"([.,|/_])(?=\w)", r"\1<wbr>", code[1])
    return f"<code>{text}</code>"
