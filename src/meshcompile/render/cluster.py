"""Reads live clusters with `kubectl get`. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from meshcompile.codes.rendering import CLUSTER_PARTLY_READ, UNEXPECTED_OUTPUT
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents.named_text import NamedText
from meshcompile.render.programs import DEFAULT_TIMEOUT, Output, Rendering, ran, shown
from meshcompile.source.reading import UnreadableInput

NOT_READ = frozenset({"Secret"})
"""Kinds that are never read, so that private keys stay in the cluster."""


def cluster(context: str, timeout: float = DEFAULT_TIMEOUT) -> Rendering:
    """The objects of a live cluster that meshcompile reads, from all namespaces, except Secrets.

    The first command asks the cluster for its kinds. The second command gets all objects of the relevant kinds. Both
    use only `kubectl get` or `kubectl api-resources`, with the given context of the user's kubeconfig. Findings name an
    object as `cluster:CONTEXT/KIND/NAMESPACE/NAME`, with the line numbers that `kubectl get -o json` would print for
    it. `timeout` is in seconds per command.

    Raises UnreadableInput if kubectl is missing, fails or takes too long. Kinds that the user may not read become
    diagnostics of the Rendering.
    """
    kubectl = ("kubectl", f"--context={context}")
    known = ran((*kubectl, "api-resources", "--verbs=list", "--no-headers"), timeout)
    names = ",".join(resources(known.stdout))
    if not names:
        raise UnreadableInput(
            (known.failure if known.status else _unexpected(known, "none of the kinds that meshcompile reads"),)
        )
    command = (*kubectl, "get", names, "--all-namespaces", "--output=json", "--ignore-not-found")
    result = ran(command, timeout)
    if result.status and not result.stdout.strip():
        raise UnreadableInput((result.failure,))
    if not result.status:
        return Rendering(result.command, tuple(objects(result, context)), result.messages)
    partly = CLUSTER_PARTLY_READ(result.place, command=shown(result.command[:3]), problem=result.problem)
    return Rendering(result.command, tuple(objects(result, context)), diagnostics=(partly,))


def resources(listed: str) -> Iterator[str]:
    """The listed resources that meshcompile reads, as `virtualservices.v1.networking.istio.io`.

    Each line has the name, optional short names, the API version, whether the resource is namespaced, and the kind.
    """
    from meshcompile.models.registry import find

    for line in listed.splitlines():
        match line.split():
            case [name, *_, version, _, kind] if kind not in NOT_READ and find(version, kind):
                group, _, number = version.rpartition("/")
                yield f"{name}.{number}.{group}" if group else name


def objects(output: Output, context: str) -> Iterator[NamedText]:
    """The objects in the list that kubectl printed."""
    if not output.stdout.strip():
        return
    try:
        items = msgspec.json.decode(output.stdout, type=_List).items
        yield from (_object(item, context) for item in items)
    except msgspec.DecodeError as error:
        raise UnreadableInput((_unexpected(output, str(error)),)) from None


def _object(item: msgspec.Raw, context: str) -> NamedText:
    known = msgspec.json.decode(item, type=_Object)
    names = (known.kind, known.metadata.namespace, known.metadata.name)
    name = "/".join((f"cluster:{context}", *(part for part in names if part)))
    return NamedText(name, msgspec.json.format(bytes(item), indent=4).decode())


def _unexpected(output: Output, problem: str) -> Diagnostic:
    return UNEXPECTED_OUTPUT(output.place, command=shown(output.command[:3]), problem=problem)


class _Metadata(msgspec.Struct):
    name: str = ""
    namespace: str = ""


class _Object(msgspec.Struct):
    kind: str
    metadata: _Metadata


class _List(msgspec.Struct):
    """The items of the list, as they were printed."""

    items: list[msgspec.Raw]
