"""When what is found is what a test expects."""

from collections.abc import Mapping, Sequence
from typing import Any

from meshcompile.documents import Origin
from meshcompile.simulate.header_map import HeaderMap
from meshcompile.values.durations import Duration

CLOSED = "closed"
TOLERANCE = 0.01
"""How far shares in percent may differ."""


def listed(wanted: Any) -> Sequence[Any]:
    """The alternatives that a test gives."""
    return wanted if isinstance(wanted, list) else [wanted]


def is_one_of(wanted: Any, found: Any) -> bool:
    return found in listed(wanted)


def is_status(wanted: Any, found: int | None) -> bool:
    return found in [None if each == CLOSED else each for each in listed(wanted)]


def are_flags(wanted: Any, found: str | None) -> bool:
    """The order of flags does not matter."""
    return any(_flags(each) == _flags(found) for each in listed(wanted))


def _flags(text: str | None) -> frozenset[str]:
    return frozenset((text or "-").split(","))


def is_host(wanted: Any, found: str | None) -> bool:
    """A Service may be named without the end of its host."""
    return any(each == found or (bool(each) and each in _short_hosts(found or "")) for each in listed(wanted))


def _short_hosts(host: str) -> tuple[str, ...]:
    name, _, rest = host.partition(".")
    namespace, _, domain = rest.partition(".")
    return (name, f"{name}.{namespace}", f"{name}.{namespace}.svc") if domain.startswith("svc.") else ()


def is_workload(wanted: Any, found: str | None) -> bool:
    """`catalog.shop v1`, without its version, or without its version and namespace."""
    full = found or ""
    name = full.partition(" ")[0]
    return any(each == found or (bool(each) and each in (name, name.partition(".")[0])) for each in listed(wanted))


def names_one(wanted: Any, found: Sequence[str]) -> bool:
    """`NAME` or `NAMESPACE/NAME` of one that is found; null if none is."""
    return any(not found if each is None else _names(each, found) for each in listed(wanted))


def _names(wanted: str, found: Sequence[str]) -> bool:
    return any(wanted in (each, each.partition("/")[2]) for each in found)


def covers_line(wanted: Any, found: Sequence[Origin]) -> bool:
    """A line of a place, from its first to its last one. A whole object has only its first line."""
    return any(_covers(str(each), origin) for each in listed(wanted) for origin in found)


def _covers(wanted: str, origin: Origin) -> bool:
    file, _, line = wanted.rpartition(":")
    if not line.isdecimal() or not (f"/{origin.file}".endswith(f"/{file.removeprefix('./')}") or not file):
        return False
    span = origin.document.place(origin.path)
    after = span.end.line if origin.path else 0
    return int(line) == span.key.line or span.key.line < int(line) < after


def as_lines(_: Any, found: Sequence[Origin]) -> list[str]:
    return list(dict.fromkeys(f"{origin.file}:{origin.line}" for origin in found))


def is_redirect(wanted: Any, found: Mapping[str, Any] | None) -> bool:
    if isinstance(wanted, str):
        return found is not None and found["location"] == wanted
    return wanted is found if wanted is None else has_parts(wanted, found)


def has_parts(wanted: Mapping[str, Any], found: Mapping[str, Any] | None) -> bool:
    return found is not None and all(found[key] == value for key, value in wanted.items())


def is_duration(wanted: Any, found: float | None) -> bool:
    return seconds(wanted) == found


def seconds(wanted: Any) -> float | None:
    """Seconds of `3s` or 3; None for null and `none`. Raises ValueError for another form."""
    if wanted is None or wanted == "none":
        return None
    return float(wanted) if isinstance(wanted, int | float) else Duration.parse(wanted).nanoseconds / 1e9


def has_retries(wanted: Any, found: Mapping[str, Any] | None) -> bool:
    if not isinstance(wanted, Mapping):
        return (wanted or 0) == (found["attempts"] if found else 0)
    if found is None:
        return False
    own = {**found, "on": frozenset(found["on"])}
    return all(own[key] == _retry_value(key, value) for key, value in wanted.items())


def _retry_value(key: str, wanted: Any) -> Any:
    match key:
        case "on":
            return frozenset(wanted.split(",") if isinstance(wanted, str) else wanted)
        case "per_try_timeout":
            return seconds(wanted)
        case _:
            return wanted


def has_mirrors(wanted: Any, found: Sequence[Mapping[str, Any]]) -> bool:
    if wanted is None:
        return not found
    return all(any(_is_mirror(each, mirror) for mirror in found) for each in listed(wanted)) and bool(
        found or not wanted
    )


def _is_mirror(wanted: Any, found: Mapping[str, Any]) -> bool:
    parts = {"host": wanted} if isinstance(wanted, str) else wanted
    return all(is_host(value, found["host"]) if key == "host" else found[key] == value for key, value in parts.items())


def has_headers(wanted: Mapping[str, Any], found: HeaderMap | None) -> bool:
    if found is None:
        return False
    exact = all(found.get(name) == (str(value),) for name, value in wanted.get("set", {}).items())
    among = all(_is_among(str(value), found.get(name)) for name, value in wanted.get("add", {}).items())
    return exact and among and not any(found.get(name) for name in wanted.get("remove", ()))


def _is_among(value: str, lines: Sequence[str]) -> bool:
    return value in lines or any(value in line.split(",") for line in lines)


def asked_headers(wanted: Mapping[str, Any], found: HeaderMap | None) -> Any:
    """The headers that a test asks about."""
    if found is None:
        return None
    names = [name for operation in ("set", "add", "remove") for name in wanted.get(operation, ())]
    return {name: ", ".join(found.get(name)) if found.get(name) else None for name in names}


def as_found(_: Any, found: Any) -> Any:
    return found


def asked(wanted: Any, found: Any) -> Any:
    """The parts that a test asks about."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return {key: found[key] for key in wanted}
    return found["location"] if isinstance(wanted, str) and found else found


def is_written(wanted: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> bool:
    """One of the rules has these fields with exactly these values."""
    return any(all(rule.get(key) == value for key, value in wanted.items()) for rule in found)


def as_written(wanted: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> Any:
    """The fields of the first rule that a test asks about."""
    return {key: found[0].get(key) for key in wanted} if found else None


def has_weights(wanted: Mapping[str, float], found: Mapping[str, float]) -> bool:
    """Each destination that is found is listed, with its share."""
    shares = {_destination(key, found): share for key, share in wanted.items()}
    listed_all = found.keys() <= shares.keys() and len(shares) == len(wanted)
    return listed_all and all(abs(found.get(key, 0.0) - share) < TOLERANCE for key, share in shares.items())


def _destination(wanted: str, found: Mapping[str, float]) -> str:
    """The name of the destination that is meant; the name itself if none or several are."""
    meant = [key for key in found if _is_destination(wanted, key)]
    return meant[0] if len(meant) == 1 else wanted


def _is_destination(wanted: str, name: str) -> bool:
    host, _, subset = name.partition("/")
    wanted_host, slash, wanted_subset = wanted.partition("/")
    if slash:
        return is_host(wanted_host, host) and wanted_subset == subset
    return wanted in (name, subset) or is_host(wanted, host)
