"""Whether the message types hold what istiod sends: each answer is read into them and printed again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.envoy.message import Message, encode, from_json, to_builtins
from tests.conformance.corpus import cases_dir

TYPES: dict[str, type[Message]] = {
    "listeners": Listener,
    "routes": RouteConfiguration,
    "clusters": Cluster,
    "endpoints": ClusterLoadAssignment,
    "extensions": TypedExtensionConfig,
}
EVERY = 4
"""Of how many answer files of a kind one is read: all of them take ten seconds, and differ little."""


def answers(kind: str) -> list[Path]:
    """A fixed sample of istiod's answers of one kind."""
    return sorted(cases_dir().glob(f"*/*/istiod/*/{kind}.json"))[::EVERY]


@pytest.mark.parametrize("kind", TYPES)
def test_answers_are_printed_as_they_were_read(kind: str) -> None:
    """Every resource that istiod sends fits its message type without loss, number for number."""
    paths = answers(kind)
    assert paths
    for path in paths:
        for resource in json.loads(path.read_text()):
            message = from_json(TYPES[kind], resource)
            assert to_builtins(message) == resource, path
            assert json.dumps(json.loads(encode(message)), sort_keys=True) == json.dumps(resource, sort_keys=True), path
