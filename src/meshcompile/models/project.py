"""The configuration of meshcompile itself: `meshcompile.yaml`, or `[tool.meshcompile]` in `pyproject.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from meshcompile.models.base import Node


class Level(StrEnum):
    """The severity of a code, or `off` to disable it."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    OFF = "off"


class Threshold(StrEnum):
    """A minimum severity."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Release(StrEnum):
    """A release of Istio that meshcompile follows."""

    ISTIO_1_29 = "1.29"
    ISTIO_1_30 = "1.30"
    ISTIO_1_31 = "1.31"


class SuppressionEntry(Node):
    """Expected findings to suppress."""

    code: str
    """Code of the findings, by ID or name. `*` is a wildcard, as in `IST01*`."""
    object: str = "*"
    """Objects as `Kind/name.namespace`. Each part may have wildcards. `*` matches all objects."""
    reason: str = ""
    """Why the findings are expected."""


class Project(Node):
    """How meshcompile reads and checks the objects of a project. Options on the command line take precedence."""

    inputs: tuple[str, ...] = ()
    """Files and folders to read if the command line names none. Paths are relative to the configuration file."""
    exclude: tuple[str, ...] = ()
    """Patterns of files to exclude from folders, as in a `.gitignore`."""
    mesh_config: str = ""
    """File with the mesh config."""
    networks: str = ""
    """File with the mesh networks."""
    remote_clusters: Mapping[str, str] = {}
    """File or folder with the objects of each remote cluster, by name of the cluster."""
    namespace: str = ""
    """Namespace of objects without one."""
    ambient: bool = False
    """Whether the mesh has ztunnel and waypoints."""
    istio: Release | None = None
    """Istio release to follow. The default is the newest stable release that is supported."""
    releases: tuple[Release, ...] = ()
    """Istio releases that the mesh runs on. A single release is followed if `istio` is not set."""
    select: tuple[str, ...] = ()
    """Codes to report, by prefix of their ID or by name. If empty, all codes."""
    ignore: tuple[str, ...] = ()
    """Codes to ignore, in the same form. A more specific pattern takes precedence."""
    severities: Mapping[str, Level] = {}
    """Severity by code. Overrides the severity of the code."""
    suppressions: tuple[SuppressionEntry, ...] = ()
    """Expected findings, by code and object."""
    fail_on: Threshold = Threshold.ERROR
    """Minimum severity of findings that make a command fail."""
    baseline: str = ""
    """File of known findings, which are not reported again."""
