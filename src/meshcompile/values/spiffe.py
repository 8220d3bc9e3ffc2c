"""SPIFFE identities of workloads: `spiffe://cluster.local/ns/shop/sa/catalog`. Follows istiod's `pkg/spiffe`."""

from collections.abc import Iterable

PREFIX = "spiffe://"


def spiffe_id(trust_domain: str, namespace: str, service_account: str) -> str:
    """The identity of a service account; `@` in a trust domain becomes `.`."""
    return f"{PREFIX}{trust_domain.replace('@', '.')}/ns/{namespace}/sa/{service_account}"


def workload_identity(trust_domain: str, namespace: str, service_account: str) -> str:
    """The identity of a workload, whose service account is `default` if it names none."""
    return spiffe_id(trust_domain, namespace, service_account or "default")


def with_trust_domain_aliases(identities: Iterable[str], aliases: Iterable[str]) -> set[str]:
    """The identities in their own and in all other trust domains. A value that is not a SPIFFE identity has no
    aliases.
    """
    all_identities = set(identities)
    parsed = [identity.removeprefix(PREFIX).split("/") for identity in all_identities if identity.startswith(PREFIX)]
    for parts in parsed:
        if len(parts) == 5 and parts[1] == "ns" and parts[3] == "sa":
            all_identities.update("/".join((PREFIX + alias, *parts[1:])) for alias in aliases)
    return all_identities
