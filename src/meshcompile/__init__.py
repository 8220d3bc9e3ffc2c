"""meshcompile compiles Istio configuration into Envoy configuration, offline, as a pure function.

    import meshcompile

    mesh = meshcompile.load("mesh/")
    for diagnostic in mesh.diagnostics:
        print(diagnostic)
    config = mesh.compile("deployment/webapp.istioinaction")
    print(config.to_json())

All names here are stable. Other parts of the package may change. Names are imported on first use, so importing the
package is cheap.
"""

from importlib import import_module

TYPE_CHECKING = False  # `typing` alone would take longer to import than all the rest
if TYPE_CHECKING:  # for type checkers and editors; at run time, __getattr__ imports the same names
    from meshcompile.assumed_proxy import AssumedProxy as AssumedProxy
    from meshcompile.compare.authorization import PolicyChange as PolicyChange
    from meshcompile.compare.drift import Drift as Drift
    from meshcompile.compare.drift import DriftedField as DriftedField
    from meshcompile.compare.drift import DriftedResource as DriftedResource
    from meshcompile.compare.drift import drift as drift
    from meshcompile.compare.mesh_diff import MeshChange as MeshChange
    from meshcompile.compare.mesh_diff import MeshDiff as MeshDiff
    from meshcompile.compare.mesh_diff import diff as diff
    from meshcompile.compare.risks import Risk as Risk
    from meshcompile.config import Config as Config
    from meshcompile.describe.description import DescribedFact as DescribedFact
    from meshcompile.describe.description import DescribedSection as DescribedSection
    from meshcompile.describe.description import Description as Description
    from meshcompile.diagnostics import Applicability as Applicability
    from meshcompile.diagnostics import Code as Code
    from meshcompile.diagnostics import Diagnostic as Diagnostic
    from meshcompile.diagnostics import Fix as Fix
    from meshcompile.diagnostics import Related as Related
    from meshcompile.diagnostics import Severity as Severity
    from meshcompile.documents import Origin as Origin
    from meshcompile.documents.limits import Limits as Limits
    from meshcompile.errors import InvalidArgument as InvalidArgument
    from meshcompile.errors import MeshcompileError as MeshcompileError
    from meshcompile.errors import MissingExtra as MissingExtra
    from meshcompile.errors import UnknownObject as UnknownObject
    from meshcompile.errors import UnknownProxy as UnknownProxy
    from meshcompile.explain.request import Given as Given
    from meshcompile.explain.request import Request as Request
    from meshcompile.explain.trace import BlamedLine as BlamedLine
    from meshcompile.explain.trace import Hop as Hop
    from meshcompile.explain.trace import Trace as Trace
    from meshcompile.explain.trace import TraceOutcome as TraceOutcome
    from meshcompile.explain.trace import TraceStep as TraceStep
    from meshcompile.inject.api import kube_inject as kube_inject
    from meshcompile.inject.documents import InjectedText as InjectedText
    from meshcompile.mesh import Mesh as Mesh
    from meshcompile.mesh import load as load
    from meshcompile.output.bootstrap import Bootstrap as Bootstrap
    from meshcompile.patch.report import Change as Change
    from meshcompile.patch.report import PatchReport as PatchReport
    from meshcompile.prove.conditions import RuleCondition as RuleCondition
    from meshcompile.prove.policies import PolicyComparison as PolicyComparison
    from meshcompile.prove.policies import PolicyWitness as PolicyWitness
    from meshcompile.prove.policies import Relation as Relation
    from meshcompile.prove.policies import compare_policies as compare_policies
    from meshcompile.prove.results import Proofs as Proofs
    from meshcompile.prove.results import ProofStatus as ProofStatus
    from meshcompile.prove.results import StatementResult as StatementResult
    from meshcompile.prove.results import Violation as Violation
    from meshcompile.prove.rows import Reach as Reach
    from meshcompile.prove.rows import ReachException as ReachException
    from meshcompile.prove.rows import ReachRow as ReachRow
    from meshcompile.proxy import Proxy as Proxy
    from meshcompile.proxy import ProxyType as ProxyType
    from meshcompile.rollout.plan import Plan as Plan
    from meshcompile.rollout.plan import plan as plan
    from meshcompile.rollout.steps import PlanStep as PlanStep
    from meshcompile.snapshot.gateway_api.conditions import StatusCondition as StatusCondition
    from meshcompile.source.reading import UnreadableInput as UnreadableInput
    from meshcompile.source.sources import ForeignFile as ForeignFile
    from meshcompile.source.sources import Sources as Sources
    from meshcompile.status.objects import ObjectStatus as ObjectStatus
    from meshcompile.unreachable.found import UnreachableKind as UnreachableKind
    from meshcompile.unreachable.found import UnreachableRoute as UnreachableRoute
    from meshcompile.upgrades.field_effects import FieldEffect as FieldEffect
    from meshcompile.upgrades.field_effects import FieldExample as FieldExample
    from meshcompile.upgrades.upgrade import RowAtWork as RowAtWork
    from meshcompile.upgrades.upgrade import Upgrade as Upgrade
    from meshcompile.upgrades.upgrade import upgrade as upgrade
    from meshcompile.uses import Use as Use
    from meshcompile.ztunnel.config import ZtunnelConfig as ZtunnelConfig

__version__ = "0.1.0"

_PLACES = {
    "Applicability": "meshcompile.diagnostics",
    "AssumedProxy": "meshcompile.assumed_proxy",
    "BlamedLine": "meshcompile.explain.trace",
    "Bootstrap": "meshcompile.output.bootstrap",
    "Change": "meshcompile.patch.report",
    "Code": "meshcompile.diagnostics",
    "Config": "meshcompile.config",
    "DescribedFact": "meshcompile.describe.description",
    "DescribedSection": "meshcompile.describe.description",
    "Description": "meshcompile.describe.description",
    "Diagnostic": "meshcompile.diagnostics",
    "Drift": "meshcompile.compare.drift",
    "DriftedField": "meshcompile.compare.drift",
    "DriftedResource": "meshcompile.compare.drift",
    "FieldEffect": "meshcompile.upgrades.field_effects",
    "FieldExample": "meshcompile.upgrades.field_effects",
    "Fix": "meshcompile.diagnostics",
    "ForeignFile": "meshcompile.source.sources",
    "Given": "meshcompile.explain.request",
    "Hop": "meshcompile.explain.trace",
    "InjectedText": "meshcompile.inject.documents",
    "InvalidArgument": "meshcompile.errors",
    "Limits": "meshcompile.documents.limits",
    "Mesh": "meshcompile.mesh",
    "MeshChange": "meshcompile.compare.mesh_diff",
    "MeshDiff": "meshcompile.compare.mesh_diff",
    "MeshcompileError": "meshcompile.errors",
    "MissingExtra": "meshcompile.errors",
    "ObjectStatus": "meshcompile.status.objects",
    "Origin": "meshcompile.documents",
    "PatchReport": "meshcompile.patch.report",
    "Plan": "meshcompile.rollout.plan",
    "PlanStep": "meshcompile.rollout.steps",
    "PolicyChange": "meshcompile.compare.authorization",
    "PolicyComparison": "meshcompile.prove.policies",
    "PolicyWitness": "meshcompile.prove.policies",
    "ProofStatus": "meshcompile.prove.results",
    "Proofs": "meshcompile.prove.results",
    "Proxy": "meshcompile.proxy",
    "ProxyType": "meshcompile.proxy",
    "Related": "meshcompile.diagnostics",
    "Reach": "meshcompile.prove.rows",
    "ReachException": "meshcompile.prove.rows",
    "ReachRow": "meshcompile.prove.rows",
    "Relation": "meshcompile.prove.policies",
    "RuleCondition": "meshcompile.prove.conditions",
    "Request": "meshcompile.explain.request",
    "Risk": "meshcompile.compare.risks",
    "RowAtWork": "meshcompile.upgrades.upgrade",
    "Severity": "meshcompile.diagnostics",
    "Sources": "meshcompile.source.sources",
    "StatementResult": "meshcompile.prove.results",
    "StatusCondition": "meshcompile.snapshot.gateway_api.conditions",
    "Trace": "meshcompile.explain.trace",
    "TraceOutcome": "meshcompile.explain.trace",
    "TraceStep": "meshcompile.explain.trace",
    "UnknownObject": "meshcompile.errors",
    "UnknownProxy": "meshcompile.errors",
    "UnreachableKind": "meshcompile.unreachable.found",
    "UnreachableRoute": "meshcompile.unreachable.found",
    "UnreadableInput": "meshcompile.source.reading",
    "Upgrade": "meshcompile.upgrades.upgrade",
    "Use": "meshcompile.uses",
    "Violation": "meshcompile.prove.results",
    "ZtunnelConfig": "meshcompile.ztunnel.config",
    "compare_policies": "meshcompile.prove.policies",
    "diff": "meshcompile.compare.mesh_diff",
    "drift": "meshcompile.compare.drift",
    "kube_inject": "meshcompile.inject.api",
    "load": "meshcompile.mesh",
    "plan": "meshcompile.rollout.plan",
    "upgrade": "meshcompile.upgrades.upgrade",
}

__all__ = [*_PLACES, "__version__"]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_PLACES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
