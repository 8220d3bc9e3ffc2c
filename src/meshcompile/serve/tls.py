"""TLS of the server: its certificate, and the authorities of its clients, read again when the files change."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import grpc
from msgspec import Struct

from meshcompile.errors import InvalidArgument
from meshcompile.serve.logs import log

_INFO, _WARNING = 20, 30


class TlsFiles(Struct, frozen=True):
    """PEM files. With `authorities`, clients need a certificate that one of them has signed."""

    certificate: Path
    key: Path
    authorities: Path | None = None

    @property
    def all(self) -> tuple[Path, ...]:
        return (self.certificate, self.key, *(() if self.authorities is None else (self.authorities,)))


class ReloadedCertificates:
    """What handshakes use: the last files that belong together."""

    def __init__(self, files: TlsFiles) -> None:
        """Raises InvalidArgument if the files cannot be read, or do not belong together."""
        self._files = files
        self._check()
        self._stamps = self._now()

    def credentials(self) -> Any:
        """The credentials of a port. Every handshake looks whether the files changed."""
        needs_certificate = self._files.authorities is not None
        return grpc.dynamic_ssl_server_credentials(self._configuration(), self._fetch, needs_certificate)

    def _fetch(self) -> Any:
        """The new configuration; None, which keeps the last one, if nothing changed or the files are broken."""
        try:
            stamps = self._now()
            if stamps == self._stamps:
                return None
            self._check()
            self._stamps = stamps
            log(_INFO, "certificates were read again", file=str(self._files.certificate))
            return self._configuration()
        except (OSError, InvalidArgument) as error:
            log(_WARNING, "certificates stay as they were", error=str(error))
            return None

    def _configuration(self) -> Any:
        authorities = self._files.authorities
        pair = (self._files.key.read_bytes(), self._files.certificate.read_bytes())
        return grpc.ssl_server_certificate_configuration([pair], authorities and authorities.read_bytes())

    def _check(self) -> None:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(self._files.certificate, self._files.key)
            if self._files.authorities is not None:
                context.load_verify_locations(self._files.authorities)
        except (OSError, ssl.SSLError) as error:
            names = ", ".join(map(str, self._files.all))
            raise InvalidArgument(f"the certificates cannot be used ({names}): {error}") from None

    def _now(self) -> tuple[tuple[int, int, int], ...]:
        found = (os.stat(path) for path in self._files.all)
        return tuple((status.st_mtime_ns, status.st_size, status.st_ino) for status in found)
