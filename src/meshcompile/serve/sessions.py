"""The open streams, for the status page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from meshcompile.proxy import Proxy
from meshcompile.serve.subscriptions import Subscription, XdsProtocol
from meshcompile.serve.xds_resources import SHORT


class Session:
    """A stream: its proxy, its client, and what was sent and answered. `identity` is "" if it is not verified."""

    def __init__(self, proxy: Proxy, protocol: XdsProtocol, peer: str, identity: str) -> None:
        self.proxy, self.protocol, self.peer, self.identity = proxy, protocol, peer, identity
        self.since = datetime.now(UTC)
        self.subscriptions: Mapping[str, Subscription] = {}
        self._unknown: set[str] = set()

    def has_new_unknown(self, type_url: str) -> bool:
        """Whether this unknown type is asked for the first time. Only the first ten are told apart."""
        is_new = type_url not in self._unknown and len(self._unknown) < 10
        if is_new:
            self._unknown.add(type_url)
        return is_new

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "proxy": self.proxy.id,
            "type": str(self.proxy.type),
            "protocol": str(self.protocol),
            "peer": self.peer,
            "identity": self.identity,
            "connected": self.since.isoformat(timespec="seconds"),
            "types": {SHORT[url]: _data(each) for url, each in self.subscriptions.items()},
        }


def _data(subscription: Subscription) -> dict[str, Any]:
    state = "sent" if not subscription.is_answered else "rejected" if subscription.error is not None else "accepted"
    found = {
        "state": state,
        "sent": subscription.version,
        "accepted": subscription.accepted,
        "resources": len(subscription.held),
    }
    return found if subscription.error is None else {**found, "error": subscription.error}


class Sessions:
    """The open streams."""

    def __init__(self) -> None:
        self.all: set[Session] = set()

    def add(self, session: Session) -> None:
        self.all.add(session)

    def remove(self, session: Session) -> None:
        self.all.discard(session)

    def to_list(self, proxy: str = "") -> list[dict[str, Any]]:
        """The streams of a proxy, or of all if it is "", by the names of the proxies."""
        found = [session for session in tuple(self.all) if proxy in ("", session.proxy.id)]
        return [session.to_dict() for session in sorted(found, key=lambda each: (each.proxy.id, each.since))]
