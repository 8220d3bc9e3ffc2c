"""Assumed addresses do not depend on the order of the input."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.kubernetes.workloads import Deployment
from meshcompile.snapshot.addresses import POD_RANGE, AddressPool
from meshcompile.snapshot.assume import assumed

NAMES = st.lists(st.sampled_from([f"app-{number}" for number in range(300)]), unique=True, max_size=60)


def addresses(names: list[str]) -> dict[str, str]:
    workloads = [Deployment.model_validate(_manifest(name)) for name in names]
    return {pod.name: pod.status.pod_ip for pod in assumed(workloads).resources if isinstance(pod, Pod)}


def _manifest(name: str) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "app"}]}}
    return {"metadata": {"name": name, "namespace": "prod"}, "spec": {"template": template}}


@given(NAMES, st.randoms(use_true_random=False))
def test_order_does_not_matter(names: list[str], random: Any) -> None:
    """The order of the workloads does not affect their addresses."""
    shuffled = list(names)
    random.shuffle(shuffled)
    assert addresses(shuffled) == addresses(names)


@given(st.lists(st.text(max_size=8), unique=True, max_size=200))
def test_addresses_are_different_and_in_range(names: list[str]) -> None:
    """Different names get different addresses in the range, but never its first or last address."""
    pool = AddressPool(POD_RANGE)
    found = [pool.address(name) for name in names]
    assert len(set(found)) == len(names)
    assert not {str(POD_RANGE.network_address), str(POD_RANGE.broadcast_address)} & set(found)
