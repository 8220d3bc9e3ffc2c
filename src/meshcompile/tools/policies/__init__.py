"""What policies say about a request: the compiled rules, evaluated without Envoy.

    guard = guard_of(view)                                  # a workload's policies
    decided = decision(guard, Request(method="GET", path="/items", principal="spiffe://..."))
    decided.outcome, decided.rule                           # Outcome.DENIED, "ns[shop]-policy[p]-rule[0]"

The rules are those that Envoy gets, and the answers are Envoy's.
"""

from meshcompile.tools.policies.decisions import Decision, Guard, Outcome, decision, guard_of
from meshcompile.tools.policies.requests import Request

__all__ = ["Decision", "Guard", "Outcome", "Request", "decision", "guard_of"]
