"""The configuration of meshcompile itself: `meshcompile.yaml`, or `[tool.meshcompile]` in `pyproject.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from meshcompile.models.base import Node


class Level(StrEnum):
    """The severity of a code, or `off` to leave it out."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    OFF = "off"


class Threshold(StrEnum):
    """A severity."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Release(StrEnum):
    """A release of Istio that meshcompile follows."""

    ISTIO_1_30 = "1.30"


class SuppressionEntry(Node):
    """Findings that are expected."""

    code: str
    """Code of the findings, by id or name. May have wildcards: `IST01*`."""
    object: str = "*"
    """Objects as `Kind/name.namespace`; each part may have wildcards. `*` stands for all."""
    reason: str = ""
    """Why the findings are expected."""


class Project(Node):
    """How meshcompile reads and checks the objects of a project. Options of the command line take precedence."""

    inputs: tuple[str, ...] = ()
    """Files and folders to read if the command line names none. Paths are relative to the configuration file."""
    exclude: tuple[str, ...] = ()
    """Patterns of files to leave out of folders, as in a `.gitignore`."""
    mesh_config: str = ""
    """File with the mesh config."""
    networks: str = ""
    """File with the mesh networks."""
    remote_clusters: Mapping[str, str] = {}
    """File or folder with the objects of each remote cluster, by the cluster's name."""
    namespace: str = ""
    """Namespace of objects that name none."""
    ambient: bool = False
    """Whether the mesh has ztunnel and waypoints."""
    releases: tuple[Release, ...] = ()
    """Releases of Istio that the mesh runs on."""
    select: tuple[str, ...] = ()
    """Codes to report, by the beginning of their id or by name; all if empty."""
    ignore: tuple[str, ...] = ()
    """Codes to leave out, likewise. A more specific pattern takes precedence."""
    severities: Mapping[str, Level] = {}
    """Severity by code, in place of the code's own."""
    suppressions: tuple[SuppressionEntry, ...] = ()
    """Findings that are expected, by code and object."""
    fail_on: Threshold = Threshold.ERROR
    """Severity of a finding that makes a command fail."""
    baseline: str = ""
    """File of known findings, which are not reported again."""
