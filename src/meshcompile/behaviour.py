"""What one Istio release does differently from another, and istiod's feature flags with their defaults.

One documented field per observable difference; a later release is `replace(ISTIO_1_30, ...)`. Nothing else in the
compiler compares versions of istiod.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The switches of one istiod; a field is named after the environment variable that sets it in istiod."""

    release: str
    # PILOT_ENABLE_MONGO_FILTER, PILOT_ENABLE_REDIS_FILTER, PILOT_ENABLE_MYSQL_FILTER: filters before tcp_proxy.
    mongo_filter: bool = True
    redis_filter: bool = False
    mysql_filter: bool = False


ISTIO_1_30 = Behaviour(release="1.30.3")
