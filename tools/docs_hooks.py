"""What the site says that its configuration cannot know: the version, in the footer of every page."""

from __future__ import annotations

from typing import Any

from meshcompile import __version__


def on_config(config: Any) -> Any:
    config.copyright = f"meshcompile {__version__} · Apache License 2.0"
    return config
