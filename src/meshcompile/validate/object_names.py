"""Names as the API server checks them: `k8s.io/apimachinery/pkg/util/validation`."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache

from msgspec import Struct

from meshcompile.codes import kubernetes as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Node

Found = Iterator[Diagnostic]

_DNS_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_DNS_SUBDOMAIN = rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*"
_QUALIFIED = r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"


class NameForm(Struct, frozen=True, dict=True):
    """A form of names: its description in messages, a pattern for the whole name, and the maximum length."""

    expected: str
    pattern: str
    longest: int

    def takes(self, name: str) -> bool:
        """Whether a name has this form."""
        return len(name) <= self.longest and self._matches(name) is not None

    @cached_property
    def _matches(self) -> Callable[[str], re.Match[str] | None]:
        return re.compile(self.pattern).fullmatch


DNS_LABEL = NameForm("a DNS label: lowercase letters, digits and `-`, at most 63 characters", _DNS_LABEL, 63)
DNS_SUBDOMAIN = NameForm(
    "a DNS name: lowercase letters, digits, `-` and `.`, at most 253 characters", _DNS_SUBDOMAIN, 253
)
CRON_JOB_NAME = NameForm(
    "a DNS name of at most 52 characters, which leaves room for the names of its Jobs", _DNS_SUBDOMAIN, 52
)
WILDCARD_HOST = NameForm("a DNS name, or one with `*.` in front", rf"(?:\*\.)?{_DNS_SUBDOMAIN}", 253)
PORT_NAME = NameForm(
    "a port name: lowercase letters, digits and single `-`, at least one letter, at most 15 characters",
    r"(?=[-0-9]*[a-z])(?!.*--)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?",
    15,
)
DATA_KEY = NameForm(
    "a key: letters, digits, `-`, `_` and `.`, at most 253 characters, and no `..` in front",
    r"(?!\.\.|\.$)[-._a-zA-Z0-9]+",
    253,
)
_KEY_PREFIX = NameForm("a DNS name", _DNS_SUBDOMAIN, 253)
_KEY_NAME = NameForm("the name of a label", _QUALIFIED, 63)
_LABEL_VALUE = NameForm("the value of a label", f"(?:{_QUALIFIED})?", 63)


def name(node: Node, field: str, form: NameForm) -> Iterable[Diagnostic]:
    """A name that does not have the form. An empty name counts as absent."""
    value: str | None = getattr(node, field)
    if not value or form.takes(value):
        return ()
    place = node.at(field)
    return (codes.INVALID_NAME(place, field=place.field, value=value, expected=form.expected),)


@lru_cache(maxsize=4096)
def key_problem(key: str) -> str | None:
    """The reason why a text is not a valid label name, or None."""
    prefix, slash, name = key.rpartition("/")
    if slash and not _KEY_PREFIX.takes(prefix):
        return f"`{prefix}` before the `/` is not a lowercase DNS name"
    if len(name) > _KEY_NAME.longest:
        return f"`{name}` is longer than {_KEY_NAME.longest} characters"
    return None if _KEY_NAME.takes(name) else f"`{name}` must consist of letters, digits, `-`, `_` and `.`"


@lru_cache(maxsize=4096)
def value_problem(value: str) -> str | None:
    """The reason why a text is not a valid label value, or None."""
    if len(value) > _LABEL_VALUE.longest:
        return f"the value is longer than {_LABEL_VALUE.longest} characters"
    if _LABEL_VALUE.takes(value):
        return None
    return "the value must consist of letters, digits, `-`, `_` and `.`, with a letter or a digit at both ends"
