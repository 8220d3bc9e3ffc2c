"""Memoized functions of a snapshot, and of single values.

    @query
    def route_table(snapshot: Snapshot, key: RouteTableKey) -> RouteTable: ...

    @derived
    def message(table: RouteTable) -> RouteConfiguration: ...

A query is a function of a snapshot and a key. Keys are frozen and compared by value. A query can read nothing about a
proxy that is not in its key. So two proxies with equal keys get the same answer, and the sharing is invisible. The
answers are stored in the snapshot and freed with it. The result of a derived function is stored in the value that it is
derived from.

A query reads the snapshot through a view. The view records which other queries and which inputs the query read. The
snapshot of an updated mesh gets the answers of the snapshot before it. It keeps an answer if everything that the answer
was computed from is the same. Otherwise it computes the answer again. If the result is the same as before, whatever
depends on it is kept as well. `meshcompile.sameness` defines "the same": equal, with the same origins.
"""

from collections.abc import Callable, Hashable, Mapping
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, cast

import msgspec

from meshcompile.sameness import reused, same

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
P = ParamSpec("P")
_NOT_YET: Any = object()

LATEST = 100
"""The number of answers to a `latest_query` that a snapshot keeps."""
GENERATIONS = 4
"""The number of snapshots after which an unused answer is dropped."""


class Answer:
    """An answer, and what was read to compute it, in order.

    It is valid in every snapshot where all of that is the same.
    """

    __slots__ = ("key", "query", "reads", "value")

    def __init__(self, query: "Query[Any, Any, Any]", key: Hashable, value: Any, reads: tuple["Answer", ...]) -> None:
        self.query, self.key, self.value, self.reads = query, key, value, reads

    def is_valid(self, snapshot: "Answering") -> bool:
        """Whether everything that was read is the same in a snapshot.

        The order matters: earlier reads decide which reads follow.
        """
        found: list[Answer] = []
        for read in self.reads:
            now = read.query.answered(snapshot, read.key, read)
            if now.value is not read.value:
                return False
            found.append(now)
        self.reads = tuple(found)  # equal values, but without references to an earlier snapshot
        return True


ByQuery = dict[object, dict[Hashable, Answer]]
Reads = dict[Answer, None]


class Answers:
    """The answers to the queries of one snapshot, and how often each query hit the cache."""

    __slots__ = ("_by_query", "_earlier", "hits", "kept")

    def __init__(self, earlier: tuple[ByQuery, ...] = ()) -> None:
        self._by_query: ByQuery = {}
        self._earlier = earlier
        self.hits: dict[str, int] = {}
        """The number of cache hits of each query, by name."""
        self.kept: dict[str, int] = {}
        """The number of answers of each query that come from an earlier snapshot, by name."""

    def __reduce__(self) -> "tuple[type[Answers], tuple[()]]":
        """A copy of a snapshot starts with an empty cache."""
        return Answers, ()

    def following(self) -> "Answers":
        """The answers of the snapshot after an edit, which keeps those answers of this one that stay valid."""
        if not self._by_query:
            return Answers(self._earlier)
        return Answers((self._by_query, *self._earlier[: GENERATIONS - 1]))

    def of(self, query: "Query[Any, Any, Any]") -> dict[Hashable, Answer]:
        """The answers to one query, by key."""
        known = self._by_query.get(query)
        if known is None:
            known = self._by_query[query] = {}
            self.hits[query.name] = self.kept[query.name] = 0
        return known

    def earlier(self, query: "Query[Any, Any, Any]", key: Hashable) -> Answer | None:
        """The most recent answer of an earlier snapshot, if there is one."""
        for generation in self._earlier:
            if (found := generation.get(query, _NO_ANSWERS).get(key)) is not None:
                return found
        return None

    def counted(self) -> dict[str, tuple[int, int]]:
        """The number of computed answers and of cache hits, by query name."""
        return {
            query.name: (len(known) - self.kept[query.name], self.hits[query.name]) for query, known in self._queries()
        }

    def _queries(self) -> "list[tuple[Query[Any, Any, Any], dict[Hashable, Answer]]]":
        return [(cast("Query[Any, Any, Any]", query), known) for query, known in self._by_query.items()]


_NO_ANSWERS: Mapping[Hashable, Answer] = {}


class Answering(Protocol):
    """A frozen value that queries are functions of: a snapshot, or a view of one."""

    @property
    def answers(self) -> Answers: ...

    @property
    def reads(self) -> Reads | None:
        """What was read through a view; None for the snapshot itself."""

    def view(self) -> "Answering":
        """A new view, through which nothing has been read."""


S = TypeVar("S", bound=Answering)


class Query(Generic[S, K, V]):
    """A function of a snapshot and a key. The snapshot stores its answers."""

    def __init__(self, function: Callable[[S, K], V], latest: int | None = None) -> None:
        """`latest` is the number of answers that a snapshot keeps; None for all of them."""
        self.__wrapped__ = function
        self.latest = latest
        self.__doc__ = function.__doc__
        self.name = f"{function.__module__.removeprefix('meshcompile.')}.{function.__name__}"

    def __call__(self, snapshot: S, key: K) -> V:
        answers = snapshot.answers
        answer = answers.of(self).get(key)
        if answer is None:
            answer = self.answered(snapshot, key)
        else:
            answers.hits[self.name] += 1
        reads = snapshot.reads
        if reads is not None:
            reads[answer] = None
        value: V = answer.value
        return value

    def answered(self, snapshot: S, key: K, before: Answer | None = None) -> Answer:
        """The answer in a snapshot: known, kept from an earlier snapshot, or new.

        `before` is the answer to keep if it still holds; the most recent one of the earlier snapshots by default.
        """
        known = snapshot.answers.of(self)
        answer = known.get(key)
        if answer is None:
            answer = known[key] = self._answer(snapshot, key, before)
            if self.latest is not None and len(known) > self.latest:
                del known[next(iter(known))]
        return answer

    def _answer(self, snapshot: S, key: K, before: Answer | None) -> Answer:
        earlier = before or snapshot.answers.earlier(self, key)
        if earlier is None:
            return self.computed(snapshot, key)
        if same(earlier.key, key) and earlier.is_valid(snapshot):
            snapshot.answers.kept[self.name] += 1
            return earlier
        answer = self.computed(snapshot, key)
        answer.value = reused(earlier.value, answer.value)
        return answer

    def computed(self, snapshot: S, key: K) -> Answer:
        """A new answer. The snapshot does not store it."""
        view = snapshot.view()
        value = self.__wrapped__(cast(S, view), key)
        return Answer(self, key, value, tuple(view.reads or ()))


class Input(Query[S, K, V]):
    """A function that reads the input itself. Its answers depend on nothing else, and are never kept."""

    def _answer(self, snapshot: S, key: K, before: Answer | None) -> Answer:
        return Answer(self, key, self.__wrapped__(snapshot, key), ())


def query(function: Callable[[S, K], V]) -> Query[S, K, V]:
    """The function as a query, as the module describes."""
    return Query(function)


def latest_query(function: Callable[[S, K], V]) -> Query[S, K, V]:
    """The function as a query of which a snapshot keeps the latest answers only.

    It is for answers that only proxies share that are compiled one after the other, such as the replicas of a workload.
    """
    return Query(function, LATEST)


def input_query(function: Callable[[S, K], V]) -> Input[S, K, V]:
    """The function, which reads the input itself, as a query."""
    return Input(function)


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
        result: V = known.get(place, _NOT_YET)
        if result is _NOT_YET:
            result = known[place] = function(value, *key, **unused)
        return result

    return cast("Callable[Concatenate[D, P], V]", answer)
