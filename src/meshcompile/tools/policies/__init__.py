"""What policies say about a request: the compiled rules, evaluated without Envoy.

    mesh = meshcompile.load("mesh/")
    decided = decision(guard(mesh, "deployment/catalog.shop"), Request(method="GET", path="/items"))
    decided.outcome, decided.rule                           # Outcome.DENIED, "ns[shop]-policy[p]-rule[0]"

The rules are those that Envoy gets, and the answers are Envoy's.
"""

from meshcompile.tools.policies.decisions import (
    Decision,
    Guard,
    Outcome,
    connection_decision,
    decision,
    guard,
    guard_of,
)
from meshcompile.tools.policies.requests import Request

__all__ = ["Decision", "Guard", "Outcome", "Request", "connection_decision", "decision", "guard", "guard_of"]
