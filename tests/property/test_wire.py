"""Random messages in the binary format, compared with protobuf's own; random bytes never crash."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from meshcompile.envoy.wire import Limits, WireError, decode, encode_json
from meshcompile.models.networking.envoy_filter import ApplyTo
from meshcompile.validate.patch_value import MESSAGES
from tests.property.test_patching import canonical, written_objects

json_format = pytest.importorskip("google.protobuf.json_format")

from tests.property.test_protobuf import SLOW, parsed, printed  # noqa: E402  # needs protobuf
from tests.protobuf_runtime import protobuf_class  # noqa: E402

ENVELOPES = tuple(
    f"envoy.service.discovery.v3.{name}"
    for name in ("DiscoveryRequest", "DeltaDiscoveryRequest", "DiscoveryResponse", "DeltaDiscoveryResponse")
)
SMALL = Limits(size=10_000, depth=20, values=1_000)


@SLOW
@given(written_objects)
def test_random_messages_survive_the_binary_format(written: tuple[ApplyTo, Any]) -> None:
    """Decoding gives the JSON back, and protobuf reads the bytes as the message of the JSON."""
    apply_to, data = written
    value = canonical(apply_to, data)
    assume(value is not None)
    data = encode_json(MESSAGES[apply_to], value)
    assert decode(MESSAGES[apply_to], data) == value
    assert printed(protobuf_class(MESSAGES[apply_to]).FromString(data)) == printed(parsed(apply_to, value))


@given(st.sampled_from(ENVELOPES), st.binary(max_size=200))
def test_random_bytes_are_a_message_or_an_error(name: str, data: bytes) -> None:
    """Whatever comes, `decode` gives JSON that can be encoded again, or raises WireError."""
    try:
        value = decode(name, data, SMALL)
    except WireError:
        return
    assert decode(name, encode_json(name, value), SMALL) == value


@given(st.sampled_from(ENVELOPES), st.binary(min_size=1, max_size=4), st.integers(0, 300))
def test_a_damaged_request_is_a_message_or_an_error(name: str, noise: bytes, position: int) -> None:
    """Noise inside a real request never crashes `decode`."""
    node = {"id": "sidecar~10.0.0.1~a.b~b.svc", "metadata": {"LABELS": {"app": "a"}, "N": [1, None]}}
    good = encode_json(ENVELOPES[0], {"node": node, "typeUrl": "x", "resourceNames": ["a", "b"]})
    with contextlib.suppress(WireError):
        decode(name, good[:position] + noise + good[position + len(noise) :], SMALL)
