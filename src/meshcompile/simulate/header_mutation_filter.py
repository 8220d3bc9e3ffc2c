"""The header mutation filter."""

from collections.abc import Iterator, Sequence

from meshcompile.envoy.config.common.mutation_rules import HeaderMutation as MutationRule
from meshcompile.envoy.extensions.filters.http.header_mutation import HeaderMutation
from meshcompile.simulate.course import Course, HttpFilterConfig, Passed
from meshcompile.simulate.header_mutation import HeaderOperations, operated
from meshcompile.simulate.streams import HttpStream
from meshcompile.simulate.string_match import string_predicate


def header_mutation(filter_: HttpFilterConfig, course: Course) -> Passed:
    """The request with changed headers. The route was chosen before, and does not change."""
    config = filter_.config
    if not isinstance(config, HeaderMutation) or config.mutations is None:
        yield course
        return
    stream = course.stream
    for operation in _operations(config.mutations.request_mutations, stream):
        stream = stream.with_headers(operated(stream.headers, (operation,), stream))
    yield course.with_stream(stream)


def _operations(rules: Sequence[MutationRule], stream: HttpStream) -> Iterator[HeaderOperations]:
    for rule in rules:
        if rule.append is not None:
            yield HeaderOperations(add=(rule.append,))
        elif rule.remove is not None:
            yield HeaderOperations(remove=(rule.remove,))
        elif rule.remove_on_match is not None:
            accepts = string_predicate(rule.remove_on_match.key_matcher)
            yield HeaderOperations(remove=tuple(filter(accepts, stream.headers.lines)))
