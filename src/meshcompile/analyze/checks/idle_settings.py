"""Settings of HTTP rules without effect: percentages of 0, and settings of rules that forward nothing."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.retries import SETTING_OF_ANSWER, SHARE_OF_NOTHING
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import json_name
from meshcompile.models.networking.virtual_service import HTTPFaultInjection, HTTPRoute, VirtualService

OF_FORWARDING = ("timeout", "retries", "mirror", "mirrors")
"""Fields of a rule that apply only to forwarded requests."""


def idle_settings(context: Context) -> Iterator[Diagnostic]:
    """A finding for each mirror, fault or setting of a rule without effect."""
    for virtual_service in context.resources.all(VirtualService):
        for rule in virtual_service.spec.http:
            yield from _mirrors(rule)
            if rule.fault is not None:
                yield from _faults(rule.fault)
            yield from _of_answers(rule)


def _mirrors(rule: HTTPRoute) -> Iterator[Diagnostic]:
    share = rule.mirror_percentage
    if share is not None and rule.mirror is None:
        why = "`mirrors` have a `percentage` each" if rule.mirrors else "the rule has no `mirror`"
        yield SHARE_OF_NOTHING(rule.at("mirror_percentage"), what="`mirrorPercentage`", why=why)
    elif share is not None and share.value == 0:
        yield SHARE_OF_NOTHING(rule.at("mirror_percentage"), what="the mirror", why="its percentage is 0")
    for mirror in rule.mirrors:
        if mirror.percentage is not None and mirror.percentage.value == 0:
            yield SHARE_OF_NOTHING(mirror.at("percentage"), what="the mirror", why="its percentage is 0")


def _faults(fault: HTTPFaultInjection) -> Iterator[Diagnostic]:
    for name, part in (("delay", fault.delay), ("abort", fault.abort)):
        if part is not None and part.percentage is not None and part.percentage.value == 0:
            yield SHARE_OF_NOTHING(part.at("percentage"), what=f"the {name}", why="its percentage is 0")


def _of_answers(rule: HTTPRoute) -> Iterator[Diagnostic]:
    if rule.redirect is None and rule.direct_response is None:
        return
    action = "a redirect" if rule.redirect is not None else "a direct response"
    for name in OF_FORWARDING:
        if getattr(rule, name):
            yield SETTING_OF_ANSWER(rule.at(name), setting=json_name(name), action=action)
