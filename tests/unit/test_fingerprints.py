from __future__ import annotations

import hashlib
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import meshcompile
from meshcompile.encoded import RESOURCE_TYPES, measures
from meshcompile.envoy.config.core import Metadata
from meshcompile.envoy.fingerprint import fingerprint
from meshcompile.envoy.message import replaced
from meshcompile.envoy.type import Percent

ROOT = Path(__file__).resolve().parents[2]
COOLSTORE = ROOT / "examples" / "coolstore"

LEAVES = st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text() | st.sampled_from([0.5, 1.0, -0.0, 2.5])
VALUES = st.recursive(LEAVES, lambda below: st.dictionaries(st.text(), below) | st.lists(below))
DATA = st.dictionaries(st.text(), VALUES)


def canonical_text(data: Any) -> bytes:
    """Canonical JSON as the documentation describes it, made by Python's own encoder."""
    return json.dumps(_whole(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _whole(value: Any) -> Any:
    match value:
        case dict():
            return {key: _whole(item) for key, item in value.items()}
        case list():
            return [_whole(item) for item in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def reversed_keys(value: Any) -> Any:
    """Equal data whose objects have their keys in the reverse order."""
    match value:
        case dict():
            return {key: reversed_keys(item) for key, item in reversed(value.items())}
        case list():
            return [reversed_keys(item) for item in value]
        case _:
            return value


@pytest.mark.slow
@settings(max_examples=40)
@given(DATA)
def test_a_fingerprint_is_the_hash_of_sorted_compact_json(data: Mapping[str, Any]) -> None:
    """Whoever has the JSON of a message can compute its fingerprint, whatever the order of its keys."""
    one, other = (Metadata(filter_metadata={"of.some.filter": each}) for each in (data, reversed_keys(data)))
    text = canonical_text({"filterMetadata": {"of.some.filter": data}})
    assert fingerprint(one) == fingerprint(other) == hashlib.sha256(text).hexdigest()


def test_whole_doubles_are_integers() -> None:
    """A double is written as it is printed."""
    assert fingerprint(Percent(value=10.0)) == hashlib.sha256(b'{"value":10}').hexdigest()


def test_equal_messages_have_equal_fingerprints() -> None:
    """The order of a map takes no part, and neither does a change that is none; a change of a value does."""
    one = Metadata(filter_metadata={"a": {"x": "1"}, "b": {}})
    other = Metadata(filter_metadata={"b": {}, "a": {"x": "1"}})
    assert fingerprint(one) == fingerprint(other) == fingerprint(replaced(one, filter_metadata=other.filter_metadata))
    assert fingerprint(one) != fingerprint(replaced(one, filter_metadata={"a": {"x": "2"}, "b": {}}))


def test_messages_of_a_configuration_hash_as_documented() -> None:
    """The fingerprints of a message, a type and a configuration follow from the JSON of the configuration."""
    config = meshcompile.load(COOLSTORE).compile("deployment/webapp.istioinaction")
    types = {
        kind: hashlib.sha256(b"".join(hashlib.sha256(canonical_text(each)).digest() for each in messages)).digest()
        for kind, messages in config.to_dict().items()
    }
    assert config.fingerprints == {kind: digest.hex() for kind, digest in types.items()}
    assert config.fingerprint == hashlib.sha256(b"".join(types[kind] for kind in RESOURCE_TYPES)).hexdigest()


def test_sizes_are_those_of_compact_json() -> None:
    """The size of a type is the length of its list in compact JSON."""
    config = meshcompile.load(COOLSTORE).compile("deployment/webapp.istioinaction")
    for kind, measure in measures(config.resources).items():
        text = json.dumps(config.to_dict([kind])[kind], separators=(",", ":"), ensure_ascii=False)
        assert (measure.count, measure.size) == (len(getattr(config, kind)), len(text.encode()))


def test_a_copy_has_the_same_fingerprint() -> None:
    """A configuration that was pickled has the fingerprints of the original."""
    config = meshcompile.load(COOLSTORE).compile("deployment/webapp.istioinaction")
    assert pickle.loads(pickle.dumps(config)).fingerprints == config.fingerprints


def test_a_change_of_one_cluster_shows_in_one_type() -> None:
    """Configurations of two meshes have the same fingerprint for each type that the change does not touch."""
    mesh = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a, namespace: istioinaction}\n"
    rule = mesh + "spec: {host: catalog, trafficPolicy: {connectionPool: {tcp: {maxConnections: 7}}}}"
    before, after = (
        meshcompile.load(inputs).compile("deployment/webapp.istioinaction").fingerprints
        for inputs in ([str(COOLSTORE)], [str(COOLSTORE), rule])
    )
    assert {kind for kind in RESOURCE_TYPES if before[kind] != after[kind]} == {"clusters"}


ALL = """
import meshcompile
for config in meshcompile.load("examples/coolstore").compile_all():
    print(config.proxy.id, config.fingerprint)
"""


@pytest.mark.slow
@pytest.mark.slow
def test_fingerprints_are_the_same_in_every_process() -> None:
    """Processes with different hash seeds compute the same fingerprints."""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", ALL],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": "src", "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert len(outputs.pop().splitlines()) > 2
