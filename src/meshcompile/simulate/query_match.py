"""Query parameters as Envoy's routes see them: nothing is decoded, and the first of several values counts."""

from meshcompile.envoy.config.route import QueryParameterMatcher
from meshcompile.simulate.streams import Check, HttpStream
from meshcompile.simulate.string_match import string_predicate, wanted_text


def query_parameter(path: str, name: str) -> str | None:
    """The first value of a parameter, "" without a value, or None if it is missing."""
    query = path.partition("?")[2].partition("#")[0]
    pairs = (part.partition("=") for part in query.split("&"))
    return next((value for key, _, value in pairs if key == name), None)


def query_check(matcher: QueryParameterMatcher, pointer: str) -> Check:
    """The condition of a query parameter."""
    name, accepts = matcher.name, string_predicate(matcher.string_match)

    def found(stream: HttpStream) -> str | None:
        return query_parameter(stream.path, name)

    if matcher.string_match is None:
        present = matcher.present_match is not False
        wanted = "any value" if present else "no such parameter"
        return Check(pointer, f"parameter {name}", wanted, lambda s: (found(s) is not None) == present, found)
    wanted = wanted_text(matcher.string_match)
    return Check(
        pointer, f"parameter {name}", wanted, lambda s: (value := found(s)) is not None and accepts(value), found
    )
