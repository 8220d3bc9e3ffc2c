"""The tokens that a workload validates: its RequestAuthentications, decided."""

from dataclasses import dataclass


@dataclass(frozen=True)
class JwtAuthentication:
    """The rules of a workload, one per issuer."""
