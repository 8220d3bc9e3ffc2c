"""Rules of PeerAuthentications: istiod's `ValidatePeerAuthentication`. The schema checks the range of the ports."""

from meshcompile.codes import validation as codes
from meshcompile.models.security.peer_authentication import PeerAuthentication
from meshcompile.validate.checks import Found, selector


def violations(policy: PeerAuthentication) -> Found:
    """Findings about a PeerAuthentication."""
    spec = policy.spec
    if spec.port_level_mtls and (spec.selector is None or not spec.selector.match_labels):
        yield codes.PORT_WITHOUT_SELECTOR(spec.at("port_level_mtls"))
    yield from selector(spec.selector)
