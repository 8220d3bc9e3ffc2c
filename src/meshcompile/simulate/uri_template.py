"""Envoy's path templates: `*` is one segment, `**` any number of them at the end, `{name=*}` a named part."""

import re
from collections.abc import Callable

SEGMENT = r"[A-Za-z0-9\-._~%!$&'()+,;:@=*]"
GLOBS = {"*": f"{SEGMENT}+", "**": f"(?:{SEGMENT}|/)*"}
NAMED = re.compile(r"\{(\w+)(?:=([^}]*))?\}")
STARS = re.compile(r"(\*\*|\*)")


def template_expression(template: str) -> re.Pattern[str]:
    """The template as a regular expression. A named part is a group of that name."""
    parts: list[str] = []
    at = 0
    for found in NAMED.finditer(template):
        parts += (_globbed(template[at : found.start()]), f"(?P<{found[1]}>{_globbed(found[2] or '*')})")
        at = found.end()
    return re.compile("".join((*parts, _globbed(template[at:]))))


def template_predicate(template: str) -> Callable[[str], bool]:
    """A predicate for the paths that a template matches."""
    expression = template_expression(template)
    return lambda path: expression.fullmatch(path) is not None


def _globbed(text: str) -> str:
    return "".join(GLOBS.get(part, re.escape(part)) for part in STARS.split(text))
