"""The intended differences from istiod, which docs/deviations.md explains."""

from __future__ import annotations

from typing import Any

import pytest

from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.snapshot.ambient.index import ambient_index
from meshcompile.snapshot.gateway_api import build
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.snapshot.services import ServiceIndex
from tests.conformance import corpus
from tests.conformance.compare import run_case
from tests.conformance.parity import compared

# (case, proxy, type, name of the resource)
DEVIATIONS = (
    # istiod answers from a cache, whose key lacks what these proxies differ in. The first proxy to connect decides.
    ("endpoints/ip-families", "both", "routes", "80"),
    ("endpoints/ip-families", "v4", "routes", "80"),
    ("listeners/proxyconfig-headers-metadata", "kv", "routes", "80"),
    # An API server would have converted these ServiceEntries to v1, the only version that these parts of istiod read.
    ("fuzz-gwapi/ambient-seed-24", "waypoint-grove", "listeners", "main_internal"),
    ("fuzz-gwapi/ambient-seed-27", "wp2-pylon", "listeners", "main_internal"),
    ("fuzz-gwapi/ambient-seed-28", "mesa", "routes", "80"),
    ("fuzz-gwapi/ambient-seed-28", "waypoint-pylon", "listeners", "main_internal"),
    ("fuzz-gwapi/ambient-seed-33", "waypoint-karst", "listeners", "main_internal"),
    ("fuzz-gwapi/ambient-seed-34", "waypoint-ochre", "listeners", "main_internal"),
    ("fuzz-gwapi/ambient-seed-39", "wp2-mesa", "listeners", "main_internal"),
    ("fuzz-gwapi/ambient-seed-50", "quartz", "routes", "80"),
    ("fuzz-gwapi/ambient-seed-50", "waypoint-ember", "listeners", "main_internal"),
    ("fuzz-gwapi/ambient-seed-68", "ridge", "routes", "quartz.ext:8080"),
    ("fuzz-gwapi/ambient-seed-72", "waypoint-quartz", "listeners", "main_internal"),
    ("fuzz-gwapi/ambient-seed-86", "waypoint-mesa", "listeners", "main_internal"),
    ("fuzz-gwapi/gwapi-seed-57", "mesa", "routes", "80"),
    ("fuzz-gwapi/gwapi-seed-57", "haven", "routes", "80"),
    ("fuzz-gwapi/gwapi-seed-80", "fjord", "routes", "80"),
    ("fuzz-gwapi/gwapi-seed-80", "ember", "routes", "80"),
)


@pytest.mark.slow
@pytest.mark.xfail(strict=True, reason="docs/deviations.md")
@pytest.mark.parametrize(("case", "proxy", "kind", "name"), DEVIATIONS)
def test_deviation(case: str, proxy: str, kind: str, name: str) -> None:
    """Every deviation still exists. If one does not, its row must be removed from the page."""
    (result,) = compared(corpus.cases_dir(), [case], (kind,))
    assert all(row.equal for row in result.rows if (row.proxy, row.name) == (proxy, name))


NOT_CONVERTED = sorted({case for case, *_ in DEVIATIONS if case.startswith("fuzz-gwapi/")})


class ConvertedStore:
    """A config store in which only ServiceEntries of version v1 exist."""

    def __init__(self, store: ConfigStore) -> None:
        self._store = store

    def all(self, kind: type[Any]) -> tuple[Any, ...]:
        """Every resource of a kind, without ServiceEntries of other versions."""
        found = self._store.all(kind)
        return tuple(filter(_is_v1, found)) if kind is ServiceEntry else found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class ConvertedServices:
    """The services of a mesh in which only ServiceEntries of version v1 exist."""

    def __init__(self, services: ServiceIndex, store: ConfigStore) -> None:
        self._services = services
        known = {(each.namespace, each.name) for each in store.all(ServiceEntry) if _is_v1(each)}
        self.entries = tuple(
            entry for entry in services.entries if {(e.namespace, e.object_name) for e in entry.services} & known
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._services, name)


def _is_v1(entry: ServiceEntry) -> bool:
    return entry.api_version == "networking.istio.io/v1"


@pytest.mark.slow
@pytest.mark.parametrize("case", NOT_CONVERTED)
def test_nothing_but_versions_differs(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the ambient index and the Gateway controller see only ServiceEntries of version v1, as those of the recorded
    istiod did, every resource of the case is equal.
    """
    index, converted = ambient_index, build.from_gateway_api

    def index_of_v1(store: Any, workloads: Any, services: Any, *rest: Any) -> Any:
        return index(ConvertedStore(store), workloads, ConvertedServices(services, store), *rest)  # type: ignore[arg-type]

    def converted_of_v1(store: Any, services: Any, **settings: Any) -> Any:
        return converted(ConvertedStore(store), services, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr("meshcompile.snapshot.snapshot.ambient_index", index_of_v1)
    monkeypatch.setattr(build, "from_gateway_api", converted_of_v1)
    result = run_case(corpus.cases_dir(), case)
    assert [row for row in result.rows if not row.equal] == []
