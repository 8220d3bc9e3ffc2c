"""Config dumps: what is printed is read back, and whatever is in a dump, there is an answer."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import meshcompile
from meshcompile import UnreadableInput
from meshcompile.config_dump import ConfigDump, is_config_dump, parsed_config_dump
from meshcompile.documents.limits import Limits
from meshcompile.encoded import fingerprints
from meshcompile.words import words

GOLDENS = sorted((Path(__file__).parents[1] / "golden").glob("*/input.yaml"))
COOLSTORE = Path(__file__).parents[2] / "examples" / "coolstore"
ADMIN = "type.googleapis.com/envoy.admin.v3."


def read(*configs: Any) -> ConfigDump:
    return parsed_config_dump(json.dumps({"configs": configs}).encode(), "dump.json")


def listeners(*items: Any) -> dict[str, Any]:
    return {"@type": f"{ADMIN}ListenersConfigDump", "dynamic_listeners": items}


def texts(dump: ConfigDump) -> list[str]:
    return [f"{each.code} {each.message}" for each in dump.diagnostics]


@pytest.mark.parametrize("path", GOLDENS[::6], ids=lambda path: path.parent.name)
def test_what_is_dumped_is_read_back(path: Path) -> None:
    """The dump of a configuration has its resources and its proxy, without a loss."""
    mesh = meshcompile.load(path)
    for config in map(mesh.compile, mesh.proxies()):
        dump = parsed_config_dump(json.dumps(config.config_dump()).encode())
        assert dump.diagnostics == ()
        assert dump.proxy == config.proxy
        assert fingerprints(dump.resources) == fingerprints(config.resources)
        assert not dump.is_static


def test_protobuf_reads_a_dump() -> None:
    """A dump is an envoy.admin.v3.ConfigDump in the JSON of protobuf."""
    json_format = pytest.importorskip("google.protobuf.json_format")
    from tests.protobuf_runtime import protobuf_class

    config = meshcompile.load(COOLSTORE).compile("deployment/webapp.istioinaction")
    message = json_format.ParseDict(config.config_dump(), protobuf_class("envoy.admin.v3.ConfigDump")())
    assert [config.type_url.rpartition(".")[2] for config in message.configs] == [
        "BootstrapConfigDump",
        "ClustersConfigDump",
        "EcdsConfigDump",
        "EndpointsConfigDump",
        "ListenersConfigDump",
        "RoutesConfigDump",
        "SecretsConfigDump",
    ]
    printed = json_format.MessageToDict(message, preserving_proto_field_name=True)
    assert printed["configs"][4] == config.config_dump()["configs"][4]


def test_both_spellings_are_read() -> None:
    """Envoy prints the names of proto files, and Go's tools those of JSON."""
    snake = listeners({"name": "a", "active_state": {"listener": {"name": "a", "stat_prefix": "x"}}})
    camel = {
        "@type": f"{ADMIN}ListenersConfigDump",
        "dynamicListeners": [{"name": "a", "activeState": {"listener": {"name": "a", "statPrefix": "x"}}}],
    }
    assert read(snake).resources == read(camel).resources
    assert read(snake).resources.listeners[0].stat_prefix == "x"


def test_what_cannot_be_read_is_left_out() -> None:
    """A part that is no message is reported with its place, and the rest is used."""
    dump = read(
        listeners(
            {"active_state": {"listener": {"name": "good"}}},
            {"active_state": {"listener": {"name": "bad", "filter_chains": [{"filters": 3}]}}},
            {"active_state": {"listener": 7}},
            {"active_state": {"listener": {"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster"}}},
            {"active_state": {"listener": {"name": "newer", "shiny": 1}}},
        ),
        "nonsense",
        {"@type": "type.googleapis.com/acme.Dump"},
    )
    assert [each.name for each in dump.resources.listeners] == ["good", "newer"]
    place = "configs[0].dynamic_listeners"
    assert texts(dump) == [
        f"MC1121 listener bad is left out: expected a list, not 3 "
        f"(at {place}[1].active_state.listener.filter_chains[0].filters)",
        f"MC1121 listener is left out: expected an object (at {place}[2].active_state.listener)",
        f"MC1121 listener is left out: its type is type.googleapis.com/envoy.config.cluster.v3.Cluster "
        f"(at {place}[3].active_state.listener)",
        f"MC1122 envoy.config.listener.v3.Listener has no field shiny (at {place}[4].active_state.listener.shiny)",
    ]


def test_a_filter_that_envoy_does_not_have_is_kept() -> None:
    """A custom build of Envoy has filters of its own. They stay as they are written."""
    url = "type.googleapis.com/acme.Filter"
    chain = {"filters": [{"name": "acme", "typed_config": {"@type": url, "level": 1}}]}
    dump = read(listeners({"active_state": {"listener": {"name": "a", "filter_chains": [chain]}}}))
    assert dump.diagnostics == ()
    assert dump.config.to_dict()["listeners"][0]["filterChains"][0]["filters"] == [
        {"name": "acme", "typedConfig": {"@type": url, "level": 1}}
    ]


def test_a_rejected_update_is_reported() -> None:
    """The reason why Envoy has not accepted the latest version is a finding."""
    dump = read(
        listeners(
            {"name": "a", "active_state": {"listener": {"name": "a"}}, "error_state": {"details": "no such\n cluster"}}
        )
    )
    assert texts(dump) == [
        "MC1123 listener a: Envoy rejected the latest version, and keeps the one before: no such cluster"
    ]


def test_missing_endpoints_are_reported() -> None:
    """Without `include_eds`, clusters seem to have no endpoints."""
    clusters = {"@type": f"{ADMIN}ClustersConfigDump", "dynamic_active_clusters": [{"cluster": {"type": "EDS"}}]}
    assert texts(read(clusters)) == ["MC1124 the dump has no endpoints: fetch `/config_dump?include_eds`"]
    assert texts(read(clusters, {"@type": f"{ADMIN}EndpointsConfigDump"})) == []


def test_a_redacted_key_is_reported() -> None:
    """A bootstrap with the placeholder of a private key does not start, so it is reported."""
    tls = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
    context = {"tls_certificates": [{"private_key": {"inline_bytes": "W3JlZGFjdGVkXQ=="}}]}
    socket = {"name": "tls", "typed_config": {"@type": f"type.googleapis.com/{tls}", "common_tls_context": context}}
    chain = {"transport_socket": socket}
    dump = read(listeners({"active_state": {"listener": {"name": "a", "filter_chains": [chain]}}}))
    assert [each.code for each in dump.bootstrap().diagnostics] == ["MC1125"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "truncated"),
        ("[]", "it has no list `configs`"),
        ('{"configs": {}}', "it has no list `configs`"),
        ('{"configs": []}', "`configs` has no section"),
        ('{\n"configs": [}', "line 2, column 13"),
        ('{"configs": ' + "[" * 200 + "]" * 200 + "}", "nested more than 100 levels"),
        ('{"configs": ' + "[" * 100_000, "nested too deeply|truncated"),
        ('{"configs": ["\\ud800"]}', "truncated"),
    ],
)
def test_what_is_no_dump_is_an_error(text: str, problem: str) -> None:
    """The error says what is wrong, and where."""
    with pytest.raises(UnreadableInput, match=f"({problem}).*MC1120"):
        parsed_config_dump(text.encode(), "dump.json", Limits(depth=100))


def test_a_dump_is_recognized() -> None:
    """A mesh is not taken for a dump, and neither is the output of `compile`."""
    config = meshcompile.load(COOLSTORE).compile("deployment/webapp.istioinaction")
    assert is_config_dump(json.dumps(config.config_dump()).encode())
    assert not is_config_dump(config.to_json().encode())
    assert not is_config_dump((COOLSTORE / "mesh.yaml").read_bytes() if (COOLSTORE / "mesh.yaml").exists() else b"a: b")


SECTIONS = st.sampled_from(["Listeners", "Routes", "Clusters", "Endpoints", "Ecds", "Secrets", "Bootstrap"])
KEYS = st.sampled_from(
    sorted(
        words(
            """
        @type name listener active_state dynamic_listeners filter_chains filters typed_config cluster type route_config
        dynamic_active_clusters dynamic_route_configs endpoint_config dynamic_endpoint_configs ecds_filter ecds_filters
        secret dynamic_active_secrets bootstrap node id metadata error_state details load_assignment connect_timeout
        """
        )
    )
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("EDS")
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))


@given(st.lists(st.tuples(SECTIONS, st.dictionaries(KEYS, VALUES, max_size=5)), min_size=1, max_size=3))
def test_any_dump_is_read(sections: list[tuple[str, dict[str, Any]]]) -> None:
    """Whatever is in the sections, the dump is read, and becomes a bootstrap."""
    dump = read(*({**content, "@type": f"{ADMIN}{name}ConfigDump"} for name, content in sections))
    dump.bootstrap().to_json()
    dump.config.to_json()
    assert dump.sds_secrets is not None


@given(st.binary(max_size=60), st.integers(0, 60_000))
def test_a_damaged_dump_is_read_or_an_error(noise: bytes, position: int) -> None:
    """Noise in a real dump gives a dump or UnreadableInput."""
    data = REAL[:position] + noise + REAL[position + len(noise) :]
    with contextlib.suppress(UnreadableInput):
        parsed_config_dump(data)


REAL = json.dumps(
    meshcompile.load(COOLSTORE).compile("deployment/webapp.istioinaction").config_dump(), separators=(",", ":")
).encode()
