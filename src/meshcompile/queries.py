"""Memoized functions of a snapshot, and of single values.

    @query
    def route_table(snapshot: Snapshot, key: RouteTableKey) -> RouteTable: ...

    @derived
    def message(table: RouteTable) -> RouteConfiguration: ...

A query is a function of a snapshot and a key. Keys are frozen and compared by value. A query can read nothing about a
proxy that is not in its key. So two proxies with equal keys get the same answer, and the sharing is invisible. The
answers are stored in the snapshot and freed with it. The result of a derived function is stored in the value that it is
derived from.
"""

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, cast

import msgspec

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
P = ParamSpec("P")
_NOT_YET: Any = object()


class Answers:
    """The answers to the queries of one snapshot, and how often each query hit the cache."""

    __slots__ = ("_by_query", "hits")

    def __init__(self) -> None:
        self._by_query: dict[object, dict[Hashable, Any]] = {}
        self.hits: dict[str, int] = {}
        """The number of cache hits of each query, by name."""

    def __reduce__(self) -> "tuple[type[Answers], tuple[()]]":
        """A copy of a snapshot starts with an empty cache."""
        return Answers, ()

    def of(self, query: "Query[Any, Any, Any]") -> dict[Hashable, Any]:
        """The answers to one query, by key."""
        known = self._by_query.get(query)
        if known is None:
            known = self._by_query[query] = {}
            self.hits[query.name] = 0
        return known

    def counted(self) -> dict[str, tuple[int, int]]:
        """The number of computed answers and of cache hits, by query name."""
        return {query.name: (len(known), self.hits[query.name]) for query, known in self._queries()}

    def _queries(self) -> "list[tuple[Query[Any, Any, Any], dict[Hashable, Any]]]":
        return [(cast("Query[Any, Any, Any]", query), known) for query, known in self._by_query.items()]


class Answering(Protocol):
    """A frozen value that queries are functions of: a snapshot."""

    @property
    def answers(self) -> Answers: ...


S = TypeVar("S", bound=Answering)


class Query(Generic[S, K, V]):
    """A function of a snapshot and a key. The snapshot stores its answers."""

    def __init__(self, function: Callable[[S, K], V]) -> None:
        self.__wrapped__ = function
        self.__doc__ = function.__doc__
        self.name = f"{function.__module__.removeprefix('meshcompile.')}.{function.__name__}"

    def __call__(self, snapshot: S, key: K) -> V:
        answers = snapshot.answers
        known = answers.of(self)
        value = known.get(key, _NOT_YET)
        if value is _NOT_YET:
            value = known[key] = self.__wrapped__(snapshot, key)
        else:
            answers.hits[self.name] += 1
        return cast(V, value)


def query(function: Callable[[S, K], V]) -> Query[S, K, V]:
    """The function as a query, as the module describes."""
    return Query(function)


class Key(msgspec.Struct, frozen=True, cache_hash=True):
    """The base class of keys: frozen, compared by value, with a cached hash."""


class Source(msgspec.Struct, frozen=True, dict=True):
    """The base class of frozen values that store derived results, outside their fields and their equality.

    A copy has only the fields, and derives its own results.
    """


D = TypeVar("D", bound=msgspec.Struct)


def derived(function: Callable[Concatenate[D, P], V]) -> Callable[Concatenate[D, P], V]:
    """The function, memoized for each value and each set of further arguments.

    The value is a `Source`, or an Envoy message, which also has a place for derived results.
    """

    @wraps(function)
    def answer(value: D, /, *key: P.args, **unused: P.kwargs) -> V:
        known: dict[Any, Any] = value.__dict__
        place = (function, key) if key else function
        result = known.get(place, _NOT_YET)
        if result is _NOT_YET:
            result = known[place] = function(value, *key, **unused)
        return cast(V, result)

    return cast("Callable[Concatenate[D, P], V]", answer)
