"""Names and addresses: the problem with one, as text that follows "is not a ...: ", or None if it is valid.

Follows istiod's `pkg/config/labels` and `validation/agent`. Go's `$` matches only at the end of the text, and its
lengths are in bytes.
"""

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache

from meshcompile.values.hosts import UNIX_PREFIX, covering, is_wildcard

_LABEL = r"[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?"
LABEL = re.compile(_LABEL)
WILDCARD_LABEL = re.compile(rf"\*|(?:\*-?)?{_LABEL}")
QUALIFIED_NAME = re.compile(rf"((?:{_LABEL})(?:\.{_LABEL})*/)?((?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])")
LABEL_VALUE = re.compile(r"(?:(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)

LONGEST_LABEL = 63
LONGEST_NAME = 255
LONGEST_PREFIX = 253


@lru_cache(maxsize=4096)
def is_label(name: str) -> bool:
    """Whether `name` is one DNS label, in upper or lower case."""
    return len(name) <= LONGEST_LABEL and LABEL.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def fqdn_problem(name: str) -> str | None:
    """The reason why `name` is not a domain name without wildcards, or None."""
    return _size_problem(name) or _labels_problem(name)


@lru_cache(maxsize=4096)
def wildcard_problem(name: str) -> str | None:
    """The reason why `name` is not a domain name whose first label may be, or start with, a `*`; or None."""
    if problem := _size_problem(name):
        return problem
    first, dot, rest = name.partition(".")
    if len(first) > LONGEST_LABEL or WILDCARD_LABEL.fullmatch(first) is None:
        return f"label `{first}` is not valid"
    return _labels_problem(rest) if dot else None


def sni_problem(name: str) -> str | None:
    """The reason why `name` is not a host of a gateway that passes TLS through, such as `outbound_.80_._.web.shop.com`;
    or None.
    """
    if problem := _size_problem(name):
        return problem
    if not name.startswith("outbound_"):
        return wildcard_problem(name)
    parts = name.split("_")
    if len(parts) >= 4 and re.search("[0-9]", parts[1].strip(".")) and re.search("[a-zA-Z]", parts[3].strip(".")):
        return None
    return "it should be `outbound_.PORT_._.HOST`"


def partial_wildcard(host: str) -> bool:
    """Whether a `*` replaces less than a whole label, or is not at the start."""
    return "*" in host and host != "*" and not host.startswith("*.")


def overlapping_hosts(hosts: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """The positions of every two hosts of which one covers names of the other. A name that is repeated counts once."""
    first: dict[str, int] = {}
    repeated: set[str] = set()
    covered: dict[str, list[int]] = {host: [] for host in hosts if is_wildcard(host)}
    for index, host in enumerate(hosts):
        if host in first:
            if host not in repeated:
                repeated.add(host)
                yield first[host], index
            continue
        names = dict.fromkeys(covering(host)) if covered else ()
        wider = [name for name in names if name != host and name in covered]
        for other in sorted((*(first[name] for name in wider if name in first), *covered.get(host, ()))):
            yield other, index
        first[host] = index
        for name in wider:
            covered[name].append(index)


@lru_cache(maxsize=4096)
def label_key_problem(key: str) -> str | None:
    """The reason why `key` is not a valid name of a Kubernetes label, or None."""
    match = QUALIFIED_NAME.fullmatch(key)
    if match is None:
        return "it should be letters, digits, `-`, `_` and `.`, optionally after a DNS name and `/`"
    prefix, name = match.groups(default="")
    if len(prefix) - 1 > LONGEST_PREFIX:
        return f"the part before `/` is longer than {LONGEST_PREFIX} characters"
    return f"it is longer than {LONGEST_LABEL} characters" if len(name) > LONGEST_LABEL else None


@lru_cache(maxsize=4096)
def is_label_value(value: str) -> bool:
    """Whether `value` is a valid label value. Istio does not check its length."""
    return LABEL_VALUE.fullmatch(value) is not None


@lru_cache(maxsize=4096)
def is_address(text: str) -> bool:
    """Whether `text` is an IP address, as Go's `netip.ParseAddr` reads it. An IPv6 address may have a zone."""
    address, percent, zone = text.partition("%")
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return False
    return not percent or (version == 6 and zone != "")


def is_range(text: str) -> bool:
    """Whether `text` is a CIDR range, as Go's `netip.ParsePrefix` reads it. Bits beyond the prefix may be set; zones
    are invalid.
    """
    address, slash, bits = text.rpartition("/")
    if not slash or "%" in address or not is_address(address) or not re.fullmatch("0|[1-9][0-9]*", bits, re.ASCII):
        return False
    return len(bits) <= 3 and int(bits) <= (128 if ":" in address else 32)


def is_address_or_range(text: str) -> bool:
    """Whether `text` is an IP address or a CIDR range."""
    return is_range(text) if "/" in text else is_address(text)


def unix_path_problem(address: str) -> str | None:
    """The reason why `address`, which starts with `unix://`, is not a valid socket; or None."""
    path = address.removeprefix(UNIX_PREFIX)
    if path.startswith("@"):
        return None
    if not path:
        return "the path is missing"
    return (
        None if path.startswith("/") and not path.endswith("/") else "the path of a socket must start with `/` or `@`"
    )


def is_go_integer(text: str) -> bool:
    """Whether Go's `strconv.Atoi` can read a number from `text`."""
    return len(text) <= LONGEST_NAME and INTEGER.fullmatch(text) is not None and -(2**63) <= int(text) < 2**63


def _size_problem(name: str) -> str | None:
    if not name:
        return "it is empty"
    if len(name) > LONGEST_NAME or len(name.encode()) > LONGEST_NAME:
        return f"it is longer than {LONGEST_NAME} characters"
    return None


def _labels_problem(domain: str) -> str | None:
    labels = domain.split(".")
    if is_go_integer(labels[-1]):
        return f"its last label `{labels[-1]}` is a number"
    if not labels[-1]:
        labels.pop()  # of an absolute name, such as `shop.com.`
    return next((f"label `{label}` is not valid" for label in labels if not is_label(label)), None)
