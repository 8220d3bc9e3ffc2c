"""Policy decisions for a request: evaluates the compiled rules without Envoy.

    mesh = meshcompile.load("mesh/")
    decided = decision(guard(mesh, "deployment/catalog.shop"), Request(method="GET", path="/items"))
    decided.outcome, decided.rule                           # Outcome.DENIED, "ns[shop]-policy[p]-rule[0]"

The rules are the ones that Envoy gets, and they are evaluated as Envoy evaluates them.
"""

from meshcompile.tools.policies.decisions import (
    Decision,
    Outcome,
    WorkloadPolicies,
    connection_decision,
    decision,
    guard,
    guard_of,
)
from meshcompile.tools.policies.requests import PolicyRequest as Request

__all__ = ["Decision", "Outcome", "Request", "WorkloadPolicies", "connection_decision", "decision", "guard", "guard_of"]
