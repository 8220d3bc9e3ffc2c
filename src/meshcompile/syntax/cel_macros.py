"""The nodes of expressions that `cel-go`'s macros distinguish, and the arguments that the macros accept."""

from msgspec import Struct

from meshcompile.syntax.cel_tokens import CelSyntaxError

LOOPS = {"all": (2,), "exists": (2,), "exists_one": (2,), "existsOne": (2,), "map": (2, 3), "filter": (2,)}
"""The number of arguments of each macro that binds a name."""
ACCUMULATOR = "__result__"
"""The variable in which macros accumulate their result."""


class Ident(Struct, frozen=True):
    """A variable."""

    name: str


class Select(Struct, frozen=True):
    """A field selection, or the test with `has` whether a field is set."""

    field: str


class Computed(Struct, frozen=True):
    """Any other expression. Macros do not distinguish these."""


Expr = Ident | Select | Computed
COMPUTED = Computed()


def called(name: str, arguments: tuple[Expr, ...]) -> Expr:
    """A function call. `has` is a macro with one field as its argument."""
    if name != "has" or len(arguments) != 1:
        return COMPUTED
    match arguments[0]:
        case Select() as field:
            return field
        case _:
            raise CelSyntaxError("the argument of `has` is not a field")


def check_loop(name: str, arguments: tuple[Expr, ...]) -> None:
    """Raise CelSyntaxError if a method is a macro and cannot bind its first argument."""
    if len(arguments) not in LOOPS.get(name, ()):
        return
    match arguments[0]:
        case Ident(name=variable) if variable == ACCUMULATOR:
            raise CelSyntaxError(f"`{variable}` is the name of the result of `{name}`")
        case Ident():
            pass
        case _:
            raise CelSyntaxError(f"the first argument of `{name}` is not a name")
