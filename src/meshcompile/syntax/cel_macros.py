"""Expressions of the Common Expression Language as its macros see them, and what `cel-go`'s macros take."""

from msgspec import Struct

from meshcompile.syntax.cel_tokens import CelSyntaxError

LOOPS = {"all": (2,), "exists": (2,), "exists_one": (2,), "existsOne": (2,), "map": (2, 3), "filter": (2,)}
"""Macros that bind a name -> how many arguments they take."""
ACCUMULATOR = "__result__"
"""The variable in which macros gather their result."""


class Ident(Struct, frozen=True):
    """A variable."""

    name: str


class Select(Struct, frozen=True):
    """A field of something, or the test by `has` whether the field is there."""

    field: str


class Computed(Struct, frozen=True):
    """Any other expression: macros make no difference between these."""


Expr = Ident | Select | Computed
COMPUTED = Computed()


def called(name: str, arguments: tuple[Expr, ...]) -> Expr:
    """The call of a function; `has` is a macro that takes one field."""
    if name != "has" or len(arguments) != 1:
        return COMPUTED
    match arguments[0]:
        case Select() as field:
            return field
        case _:
            raise CelSyntaxError("the argument of `has` is not a field")


def check_loop(name: str, arguments: tuple[Expr, ...]) -> None:
    """Raise CelSyntaxError for a method that is a macro unless it can bind its first argument."""
    if len(arguments) not in LOOPS.get(name, ()):
        return
    match arguments[0]:
        case Ident(name=variable) if variable == ACCUMULATOR:
            raise CelSyntaxError(f"`{variable}` is the name of the result of `{name}`")
        case Ident():
            pass
        case _:
            raise CelSyntaxError(f"the first argument of `{name}` is not a name")
