"""What a workload allows: its AuthorizationPolicies, decided."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Authorization:
    """The policies of a workload."""


NO_AUTHORIZATION = Authorization()
