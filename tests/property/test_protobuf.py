"""Canonical JSON and merging, compared with protobuf's own."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from meshcompile.models.networking.envoy_filter import ApplyTo
from meshcompile.patch.merge import merged
from meshcompile.validate.patch_value import MESSAGES
from tests.property.test_patching import canonical, pairs_of_objects, written_objects

json_format = pytest.importorskip("google.protobuf.json_format")
message_factory = pytest.importorskip("google.protobuf.message_factory")
descriptor_pool = pytest.importorskip("google.protobuf.descriptor_pool")

EMPTY_ANY = re.compile(r"'@type': '[^']*'}")
SLOW = settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])


@pytest.fixture(scope="module", autouse=True)
def _envoy_api() -> None:
    """Every message of xds-protos, because an Any may contain any of them."""
    for path in importlib.metadata.files("xds-protos") or ():
        if path.name.endswith("_pb2.py") and path.parts[0] in {"envoy", "xds", "udpa"}:
            importlib.import_module(".".join(path.with_suffix("").parts))


def parsed(apply_to: ApplyTo, data: Any) -> Any:
    """The message. xds-protos lacks some messages of Istio's Envoy; such data is discarded."""
    descriptor = descriptor_pool.Default().FindMessageTypeByName(MESSAGES[apply_to])
    try:
        return json_format.ParseDict(data, message_factory.GetMessageClass(descriptor)())
    except json_format.ParseError as error:
        assume(not any(text in str(error) for text in ("no field named", "Invalid enum value", "Can not find message")))
        raise


def printed(message: Any) -> Any:
    return comparable(json_format.MessageToDict(message))


def comparable(value: Any) -> Any:
    """JSON data with whole doubles as integers."""
    match value:
        case dict():
            return {key: comparable(item) for key, item in value.items()}
        case list():
            return [comparable(item) for item in value]
        case float() if value.is_integer() and abs(value) < 1e21:
            return int(value)
    return value


@SLOW
@given(written_objects)
def test_canonical_json_is_protobuf_json(written: tuple[ApplyTo, Any]) -> None:
    """protobuf prints canonical data unchanged."""
    apply_to, data = written
    value = canonical(apply_to, data)
    assert printed(parsed(apply_to, value)) == comparable(value)


@SLOW
@given(pairs_of_objects)
def test_merging_is_protobuf_merging(written: tuple[ApplyTo, Any, Any]) -> None:
    """Merging equals protobuf's merging, except for durations and timestamps, which are replaced as a whole.

    protobuf treats an Any without a value as one without data, and keeps the bytes of another type.
    """
    apply_to, first, second = written
    old, patch = canonical(apply_to, first), canonical(apply_to, second)
    text = f"{old} {patch}"
    assume(not any(each in text for each in ("0s'", "0.250s", ".500Z")) and not EMPTY_ANY.search(text))
    message = parsed(apply_to, old)
    message.MergeFrom(parsed(apply_to, patch))
    assert printed(message) == comparable(merged(MESSAGES[apply_to], old, patch))
