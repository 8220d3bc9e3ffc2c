"""Answers that are computed once: to questions about a snapshot, and to questions about one value.

    @query
    def route_table(snapshot: Snapshot, key: RouteTableKey) -> RouteTable: ...

    @derived
    def message(table: RouteTable) -> RouteConfiguration: ...

A query is a function of a snapshot and a key, which is frozen and compared by value. What is not in the key cannot be
read, so that two proxies which ask with equal keys get the same answer, and nobody can see that it was shared. The
answers live in the snapshot, and die with it. What is derived from one frozen value lives with that value.
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
    """The answers to the queries of one snapshot, and how often each query was asked and answered from memory."""

    __slots__ = ("_by_query", "hits")

    def __init__(self) -> None:
        self._by_query: dict[object, dict[Hashable, Any]] = {}
        self.hits: dict[str, int] = {}
        """How many answers of each query, by its name, were known already."""

    def __reduce__(self) -> "tuple[type[Answers], tuple[()]]":
        """A copy of a snapshot finds its own answers."""
        return Answers, ()

    def of(self, query: "Query[Any, Any, Any]") -> dict[Hashable, Any]:
        """The answers to one query, by key."""
        known = self._by_query.get(query)
        if known is None:
            known = self._by_query[query] = {}
            self.hits[query.name] = 0
        return known

    def counted(self) -> dict[str, tuple[int, int]]:
        """Query -> how many answers were computed, and how often one of them was asked for again."""
        return {query.name: (len(known), self.hits[query.name]) for query, known in self._queries()}

    def _queries(self) -> "list[tuple[Query[Any, Any, Any], dict[Hashable, Any]]]":
        return [(cast("Query[Any, Any, Any]", query), known) for query, known in self._by_query.items()]


class Answering(Protocol):
    """A frozen value that queries are asked about: a snapshot."""

    @property
    def answers(self) -> Answers: ...


S = TypeVar("S", bound=Answering)


class Query(Generic[S, K, V]):
    """A function of a snapshot and a key, whose answers are kept in the snapshot."""

    def __init__(self, function: Callable[[S, K], V]) -> None:
        self.__wrapped__ = function
        self.__doc__ = function.__doc__
        self.name = f"{function.__module__.removeprefix('meshcompile.')}.{function.__name__}"

    def __call__(self, snapshot: S, key: K) -> V:
        answers = snapshot.answers
        known = answers.of(self)
        found = known.get(key, _NOT_YET)
        if found is _NOT_YET:
            found = known[key] = self.__wrapped__(snapshot, key)
        else:
            answers.hits[self.name] += 1
        return cast(V, found)


def query(function: Callable[[S, K], V]) -> Query[S, K, V]:
    """The function as a query: see the module."""
    return Query(function)


class Key(msgspec.Struct, frozen=True, cache_hash=True):
    """Base of keys: frozen, compared by value, hashed once however often they are looked up."""


class Source:
    """Base of frozen values that keep what is derived from them, outside of equality and of their fields."""

    __slots__ = ("_derived",)
    _derived: dict[Hashable, Any]

    def __getstate__(self) -> object:
        """The fields alone: a copy derives its own. A dataclass with slots has a state of its own: its fields."""
        return self.__dict__


D = TypeVar("D", bound=Source)


def derived(function: Callable[Concatenate[D, P], V]) -> Callable[Concatenate[D, P], V]:
    """The function, which has an answer of its own for each value, computed once; further arguments are compared."""

    @wraps(function)
    def answer(value: D, /, *key: P.args, **unused: P.kwargs) -> V:
        try:
            known = value._derived
        except AttributeError:
            known = {}
            object.__setattr__(value, "_derived", known)
        found = known.get((function, key), _NOT_YET)
        if found is _NOT_YET:
            found = known[function, key] = function(value, *key, **unused)
        return cast(V, found)

    return cast("Callable[Concatenate[D, P], V]", answer)
