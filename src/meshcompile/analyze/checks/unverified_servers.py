"""TLS settings of clients that accept any server. Follows istioctl's `CaCertificateAnalyzer`."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import whole
from meshcompile.codes.references import NO_VERIFICATION, NO_VERIFICATION_AT_PORT
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.models.networking.destination_rule import ClientTLSMode, ClientTLSSettings, DestinationRule

ORIGINATED = (ClientTLSMode.SIMPLE, ClientTLSMode.MUTUAL)


def unverified_servers(context: Context) -> Iterator[Diagnostic]:
    """A finding for each SIMPLE or MUTUAL mode without a certificate authority to verify servers."""
    for rule in context.written.all(DestinationRule):
        policy, host = rule.spec.traffic_policy, rule.spec.host
        if policy is None:
            continue
        if (tls := policy.tls) is not None and _is_unverified(rule, tls):
            place = _reported(rule, tls)
            yield NO_VERIFICATION(tls, reported=place, mode=tls.mode, host=host, effect=_effect(tls))
        for settings in policy.port_level_settings:
            if (tls := settings.tls) is not None and _is_unverified(rule, tls):
                port = 0 if settings.port is None else settings.port.number
                place = _reported(rule, tls)
                yield NO_VERIFICATION_AT_PORT(
                    tls, reported=place, mode=tls.mode, port=port, host=host, effect=_effect(tls)
                )


def _is_unverified(rule: DestinationRule, tls: ClientTLSSettings) -> bool:
    from_secret = bool(tls.credential_name) and rule.spec.workload_selector is not None
    return tls.mode in ORIGINATED and not tls.ca_certificates and not from_secret


def _reported(rule: DestinationRule, tls: ClientTLSSettings) -> Origin:
    """The position of an empty `caCertificates`, or else that of the rule."""
    return tls.at("ca_certificates") if "ca_certificates" in tls.model_fields_set else whole(rule)


def _effect(tls: ClientTLSSettings) -> str:
    if tls.insecure_skip_verify:
        return "accept any certificate"
    return "trust every public authority"
