"""The options of a static bootstrap."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from meshcompile.errors import InvalidArgument


class Flavour(StrEnum):
    """The build of Envoy that runs the bootstrap: upstream Envoy or Istio's."""

    ENVOY = "envoy"
    ISTIO = "istio"

    @classmethod
    def _missing_(cls, value: object) -> None:
        raise InvalidArgument(f"there is no flavour {value!r}, only {' and '.join(map(repr, map(str, cls)))}")


@dataclass(frozen=True, slots=True)
class Credential:
    """TLS material in PEM; "" for parts that are missing."""

    certificate: str = ""
    private_key: str = ""
    authorities: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a bootstrap.

    `credentials` are those of Secrets, by `namespace/name`. `workload_certificates` is a folder with `cert-chain.pem`,
    `key.pem` and `root-cert.pem`, or "" if the workload has no certificate. `endpoints` replaces endpoints: from
    `address:port` or `address` to `address:port`.
    """

    flavour: Flavour = Flavour.ENVOY
    namespace: str = ""
    credentials: Mapping[str, Credential] = field(default_factory=dict)
    workload_certificates: str = ""
    endpoints: Mapping[str, str] = field(default_factory=dict)
    admin_port: int = 15000

    def __post_init__(self) -> None:
        """Raises InvalidArgument for options with which Envoy could not start."""
        if not 0 <= self.admin_port <= 65535:
            raise InvalidArgument(f"the admin port must be from 0 to 65535, not {self.admin_port}")
        for target in self.endpoints.values():
            address, _, port = target.rpartition(":")
            if not address or not port.isascii() or not port.isdigit() or int(port) > 65535:
                raise InvalidArgument(f"an endpoint can only be moved to ADDRESS:PORT, not to {target!r}")
