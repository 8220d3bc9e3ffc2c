"""The modules of rules, and that each problem is reported once."""

from pathlib import Path

import pytest

import meshcompile
from meshcompile import validate
from meshcompile.models.registry import KINDS


@pytest.mark.parametrize("setting", ["failover: [{from: a, to: b}]", "failoverPriority: [zone]"])
def test_failover_without_outlier_detection_is_found_once(setting: str) -> None:
    """Failover needs outlier detection, and its absence is reported once, also across objects."""

    def findings(policy: str) -> list[str]:
        mesh = meshcompile.load(
            f"""
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {{name: r, namespace: shop}}
            spec: {{host: c.example, trafficPolicy: {{{policy}}}}}
            """
        )
        found = (*mesh.diagnostics, *mesh.analyze())
        return [d.code for d in found if d.slug == "failover-without-outlier-detection"]

    locality = f"loadBalancer: {{localityLbSetting: {{{setting}}}}}"
    assert findings(locality) == ["MC0271"]
    assert findings(f"{locality}, outlierDetection: {{}}") == []


def test_every_kind_of_istio_has_rules() -> None:
    """Each Istio kind has a module with its rules, and each module with rules has a kind."""
    folder = Path(validate.__file__).parent
    with_rules = {path.stem for path in folder.glob("*.py") if "\ndef violations(" in path.read_text()} - {"__init__"}
    kinds = {kind.name for kind in KINDS if kind.group.endswith(".istio.io") and kind.group != "install.istio.io"}
    assert set(validate.MODULES) == kinds
    assert set(validate.MODULES.values()) == with_rules
