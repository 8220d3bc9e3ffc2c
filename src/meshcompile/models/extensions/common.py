"""Messages that several extension kinds share."""

from typing import Annotated

from meshcompile.models.base import Node, ProtoEnum
from meshcompile.models.common import PortSelector, size

SHA256 = r"(^$|^[a-f0-9]{64}$)"
"""Pattern of a SHA-256 digest, which may be empty."""


class WorkloadMode(ProtoEnum):
    """Direction of the traffic: client (outbound), server (inbound) or both."""

    UNDEFINED = "UNDEFINED"
    CLIENT = "CLIENT"
    SERVER = "SERVER"
    CLIENT_AND_SERVER = "CLIENT_AND_SERVER"


class TrafficSelector(Node):
    """Selects the listeners that run an extension."""

    mode: WorkloadMode = WorkloadMode.UNDEFINED
    """Direction of the traffic. The default is both."""
    ports: tuple[PortSelector, ...] = ()
    """Ports of the listeners. If empty, all ports."""


class PluginType(ProtoEnum):
    """Whether a Wasm module runs as an HTTP or a network filter."""

    UNSPECIFIED_PLUGIN_TYPE = "UNSPECIFIED_PLUGIN_TYPE"
    HTTP = "HTTP"
    NETWORK = "NETWORK"


class PullPolicy(ProtoEnum):
    """When to pull the image."""

    UNSPECIFIED_POLICY = "UNSPECIFIED_POLICY"
    IfNotPresent = "IfNotPresent"
    Always = "Always"


class FailStrategy(ProtoEnum):
    """What happens when a Wasm module fails."""

    FAIL_CLOSE = "FAIL_CLOSE"
    FAIL_OPEN = "FAIL_OPEN"
    FAIL_RELOAD = "FAIL_RELOAD"


class EnvValueSource(ProtoEnum):
    """Where the value of an environment variable comes from."""

    INLINE = "INLINE"
    HOST = "HOST"


class EnvVar(Node):
    """An environment variable of a Wasm module."""

    name: Annotated[str, size(256, least=1)]
    """Name of the variable."""
    value_from: EnvValueSource = EnvValueSource.INLINE
    """Whether `value` is the value, or the variable is copied from the proxy's environment."""
    value: Annotated[str, size(2048)] = ""
    """Value of the variable, if it is inline."""


class VmConfig(Node):
    """The virtual machine of a Wasm module."""

    env: Annotated[tuple[EnvVar, ...], size(256)] = ()
    """Environment variables of the virtual machine."""
