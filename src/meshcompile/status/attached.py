"""The number of routes at each listener. Follows istiod's `gatewayRouteAttachmentCountCollection`."""

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct

from meshcompile.models.base import Resource
from meshcompile.snapshot.gateway_api.parents import accepted
from meshcompile.snapshot.gateway_api.routes import ConvertedRoute


class AttachedRoutes(Struct, frozen=True):
    """The number of routes by namespace, name and listener.

    istiod does not distinguish a Gateway from a ListenerSet with the same name and namespace.
    """

    counts: Mapping[tuple[str, str], Mapping[str, int]]

    def at(self, resource: Resource) -> Mapping[str, int]:
        """The number of routes at each listener of a Gateway or ListenerSet."""
        return self.counts.get((resource.namespace, resource.name), {})


def attached_routes(routes: Iterable[ConvertedRoute]) -> AttachedRoutes:
    """The routes that listeners accept, each counted once per listener."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for route in routes:
        attachments = accepted(route.attachments)
        at = {(each.key.namespace, each.key.name, each.listener.listener.name) for each in attachments if each.listener}
        for namespace, name, listener in at:
            counts.setdefault((namespace, name), Counter())[listener] += 1
    return AttachedRoutes(counts)
