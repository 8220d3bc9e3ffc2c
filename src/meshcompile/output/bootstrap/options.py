"""The options of a static bootstrap."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypedDict

from meshcompile.errors import InvalidArgument
from meshcompile.output.bootstrap.addresses import AddressMap
from meshcompile.output.credentials import Credential
from meshcompile.values.ip import HIGHEST_PORT


class BootstrapChoice(StrEnum):
    """One of the texts that an option accepts."""

    @classmethod
    def _missing_(cls, value: object) -> None:
        names = " and ".join(map(repr, map(str, cls)))
        raise InvalidArgument(f"there is no {cls.__name__.lower()} {value!r}, only {names}")


class Flavour(BootstrapChoice):
    """The build of Envoy that runs the bootstrap: upstream Envoy or Istio's."""

    ENVOY = "envoy"
    ISTIO = "istio"


class Passthrough(BootstrapChoice):
    """What replaces `PassthroughCluster`, which forwards connections to where iptables has caught them.

    `DFP` resolves the host of each HTTP request (a dynamic forward proxy). `BLOCK` answers 503.
    """

    DFP = "dfp"
    BLOCK = "block"


class Resolve(BootstrapChoice):
    """The addresses of endpoints with a workload: those of their Pods, or the name of the workload in DNS."""

    ADDRESSES = "addresses"
    DNS = "dns"


class BootstrapOptions(TypedDict, total=False):
    """Options of `Config.bootstrap` that few callers need."""

    listen: Mapping[str, str]
    """Where listeners bind, by listener name, `address:port` or `address`: `address:port`, or an IP address alone."""
    resolve: str
    """"dns" replaces the addresses of Pods by the names of their workloads, as with Docker Compose."""
    passthrough: str
    """"dfp" or "block" replaces `PassthroughCluster`. Without it, the cluster needs iptables."""
    plaintext: bool
    """Serve and call in plaintext wherever the certificate of the workload is needed."""
    credentials: Mapping[str, Credential]
    """Credentials by `namespace/name`, in addition to those of Secrets in the input."""
    sds_folder: str
    """The folder of the SDS files in which Envoy finds secrets. `Bootstrap.sds_files` has their content."""
    access_log: bool
    """Write an access log to stdout wherever the configuration writes none."""
    readiness_port: int
    """The port of a listener that answers `/healthz/ready` as soon as Envoy is live; 0 for none."""
    stats_port: int
    """The port of a listener that answers `/stats/prometheus`; 0 for none."""
    stats_prefixes: tuple[str, ...]
    """Prefixes of the statistics that Envoy keeps. The default is all."""
    admin_address: str
    """The address of the admin interface. The default is `127.0.0.1`."""
    stand_in: Credential | None
    """The material in place of each secret that is missing or cannot be read, so that Envoy can check the rest."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a bootstrap.

    `credentials` are those of Secrets, by `namespace/name`. `workload_certificates` is a folder with `cert-chain.pem`,
    `key.pem` and `root-cert.pem`, or "" if the workload has no certificate. `endpoints` and `listeners` replace
    addresses. `stand_in` is used in place of each secret that is missing or cannot be read.
    """

    flavour: Flavour = Flavour.ENVOY
    namespace: str = ""
    credentials: Mapping[str, Credential] = field(default_factory=dict)
    workload_certificates: str = ""
    endpoints: Mapping[str, str] = field(default_factory=dict)
    admin_port: int = 15000
    listeners: AddressMap = field(default_factory=AddressMap)
    resolve: Resolve = Resolve.ADDRESSES
    passthrough: Passthrough | None = None
    plaintext: bool = False
    sds_folder: str = ""
    access_log: bool = False
    readiness_port: int = 0
    stats_port: int = 0
    stats_prefixes: tuple[str, ...] = ()
    admin_address: str = "127.0.0.1"
    stand_in: Credential | None = None

    def __post_init__(self) -> None:
        """Raises InvalidArgument for options with which Envoy could not start."""
        ports = {"admin": self.admin_port, "readiness": self.readiness_port, "stats": self.stats_port}
        for name, port in ports.items():
            if not 0 <= port <= HIGHEST_PORT:
                raise InvalidArgument(f"the {name} port must be from 0 to {HIGHEST_PORT}, not {port}")
        if self.admin_port == 0 and (self.readiness_port or self.stats_port):
            raise InvalidArgument("the readiness and stats ports read the admin interface, which needs a fixed port")
        self.moves.checked("an endpoint")
        self.listeners.checked("a listener")

    @property
    def moves(self) -> AddressMap:
        """The addresses that replace those of endpoints."""
        return AddressMap(self.endpoints)
