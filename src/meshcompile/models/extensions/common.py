"""What the extension kinds share."""

from typing import Annotated

from meshcompile.models.base import Node, ProtoEnum
from meshcompile.models.common import PortSelector, size

SHA256 = r"(^$|^[a-f0-9]{64}$)"
"""A digest, or none."""


class WorkloadMode(ProtoEnum):
    """The side of a request that is meant: sent (outbound), served (inbound) or both."""

    UNDEFINED = "UNDEFINED"
    CLIENT = "CLIENT"
    SERVER = "SERVER"
    CLIENT_AND_SERVER = "CLIENT_AND_SERVER"


class TrafficSelector(Node):
    """Listeners that get an extension."""

    mode: WorkloadMode = WorkloadMode.UNDEFINED
    """The side that is meant; both where unset."""
    ports: tuple[PortSelector, ...] = ()
    """Ports that are meant; all where empty."""


class PluginType(ProtoEnum):
    """Where a Wasm module runs."""

    UNSPECIFIED_PLUGIN_TYPE = "UNSPECIFIED_PLUGIN_TYPE"
    HTTP = "HTTP"
    NETWORK = "NETWORK"


class PullPolicy(ProtoEnum):
    """When an image is fetched again."""

    UNSPECIFIED_POLICY = "UNSPECIFIED_POLICY"
    IfNotPresent = "IfNotPresent"
    Always = "Always"


class FailStrategy(ProtoEnum):
    """What happens when a Wasm module fails."""

    FAIL_CLOSE = "FAIL_CLOSE"
    FAIL_OPEN = "FAIL_OPEN"
    FAIL_RELOAD = "FAIL_RELOAD"


class EnvValueSource(ProtoEnum):
    """Where the value of a variable comes from."""

    INLINE = "INLINE"
    HOST = "HOST"


class EnvVar(Node):
    """An environment variable of a Wasm module."""

    name: Annotated[str, size(256, least=1)]
    """Its name."""
    value_from: EnvValueSource = EnvValueSource.INLINE
    """Whether `value` is its value or it is taken from the proxy's environment."""
    value: Annotated[str, size(2048)] = ""
    """Its value."""


class VmConfig(Node):
    """What a Wasm module's virtual machine gets."""

    env: Annotated[tuple[EnvVar, ...], size(256)] = ()
    """Its environment variables."""
