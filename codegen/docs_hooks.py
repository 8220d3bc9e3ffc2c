"""What the site does that its configuration cannot say."""

from __future__ import annotations

import re
from typing import Any

from meshcompile import __version__

_CELL = re.compile(r"<td.*?</td>", re.DOTALL)
_CODE = re.compile(r"<code>(.*?)</code>", re.DOTALL)


def on_config(config: Any) -> Any:
    """Put the version into the footer of every page."""
    config.copyright = f"meshcompile {__version__} · Apache License 2.0"
    return config


def on_page_content(html: str, **_: Any) -> str:
    """Let a browser break the paths of fields in tables after a dot: the style sheet forbids it elsewhere."""
    return _CELL.sub(lambda cell: _CODE.sub(_breakable, cell[0]), html)


def _breakable(code: re.Match[str]) -> str:
    text = re.sub(r"([.,|/_])(?=\w)", r"\1<wbr>", code[1])
    return f"<code>{text}</code>"
