"""The annotations that injection adds to a Pod."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from meshcompile.inject.input import INTERCEPTION_MODE, TemplateInput
from meshcompile.inject.printed import in_double_quotes
from meshcompile.inject.traffic import cni_annotations

REVISION = "istio.io/rev"
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
DEFAULT_LOGS_CONTAINER = "kubectl.kubernetes.io/default-logs-container"
REWRITE_PROBES = "sidecar.istio.io/rewriteAppHTTPProbers"
MULTUS_NETWORKS = "k8s.v1.cni.cncf.io/networks"
MULTUS_NETWORK = "default/istio-cni"


def proxy_annotations(given: TemplateInput) -> Mapping[str, str]:
    """The annotations that every template with a proxy adds."""
    return {REVISION: given.revision or "default", **dict(_default_containers(given))}


def redirection_annotations(given: TemplateInput) -> Mapping[str, str]:
    """The annotations for the CNI plugin. None if an init container redirects traffic."""
    if not given.values.uses_cni:
        return {}
    multus: Mapping[str, str] = {}
    if given.values.pilot.cni.provider == "multus":
        multus = {MULTUS_NETWORKS: with_multus_network(given.annotations.get(MULTUS_NETWORKS, ""))}
    mode = in_double_quotes(given.interception_mode)
    return {**multus, INTERCEPTION_MODE: mode, **dict(cni_annotations(given))}


def _default_containers(given: TemplateInput) -> Iterator[tuple[str, str]]:
    """The container that kubectl takes by default: the first one of the application."""
    for name in (DEFAULT_LOGS_CONTAINER, DEFAULT_CONTAINER):
        if given.app_containers and name not in given.annotations:
            yield name, in_double_quotes(given.app_containers[0])


def with_multus_network(written: str) -> str:
    """The networks of a Pod with that of Istio's CNI plugin, as a list with commas or in JSON, as it was."""
    if not written:
        return MULTUS_NETWORK
    if "]" in written:
        return _with_json_network(written)
    names = (each.strip() for each in written.split(","))
    return written if MULTUS_NETWORK in names else f"{written}, {MULTUS_NETWORK}"


def _with_json_network(written: str) -> str:
    namespace, _, name = MULTUS_NETWORK.partition("/")
    try:
        networks = msgspec.json.decode(written, type=list[dict[str, object]])
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return written
    if any(each.get("name") == name and each.get("namespace", "") == namespace for each in networks):
        return written
    before, _, after = written.rpartition("]")
    return f'{before}, {{"name": "{name}", "namespace": "{namespace}"}}]{after}'
