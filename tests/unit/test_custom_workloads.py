"""Pods of custom workload kinds, and Pods that a user wrote."""

from __future__ import annotations

from textwrap import indent

import pytest

import meshcompile
from meshcompile.errors import UnknownProxy

TEMPLATE = """\
metadata: {labels: {app: pay}}
spec: {containers: [{name: pay, image: pay, ports: [{containerPort: 8080}]}]}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: pay, namespace: shop}
spec: {selector: {app: pay}, ports: [{name: http, port: 80, targetPort: 8080}]}
"""


def workload(api_version: str, kind: str, name: str = "pay", template: str = TEMPLATE, spec: str = "") -> str:
    """A workload in namespace shop. `spec` is the content before its template."""
    lines = [f"apiVersion: {api_version}", f"kind: {kind}", f"metadata: {{name: {name}, namespace: shop}}", "spec:"]
    below = spec + ("template:\n" + indent(template, "  ") if template else "")
    return "\n".join(lines) + "\n" + indent(below, "  ")


def mesh(*texts: str) -> meshcompile.Mesh:
    return meshcompile.load("---\n".join(text.rstrip() + "\n" for text in texts))


def endpoints(of: meshcompile.Mesh, proxy: str) -> list[str]:
    """The addresses of Service pay that a proxy has."""
    assignments = of.compile(proxy).to_dict(["endpoints"])["endpoints"]
    (pay,) = [each for each in assignments if each["clusterName"] == "outbound|80||pay.shop.svc.cluster.local"]
    return [
        endpoint["endpoint"]["address"]["socketAddress"]["address"]
        for group in pay["endpoints"]
        for endpoint in group["lbEndpoints"]
    ]


ROLLOUT = workload("argoproj.io/v1alpha1", "Rollout", spec="replicas: 3\nselector: {matchLabels: {app: pay}}\n")
DEPLOYMENT = workload("apps/v1", "Deployment", "pay-app", spec="replicas: 0\nselector: {matchLabels: {app: pay}}\n")
KNATIVE = "serving.knative.dev/v1"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (ROLLOUT, "rollout/pay.shop"),
        (ROLLOUT, "ro/pay.shop"),
        (workload("apps.openshift.io/v1", "DeploymentConfig", spec="selector: {app: pay}\n"), "dc/pay.shop"),
        (workload("v1", "ReplicationController", spec="selector: {app: pay}\n"), "rc/pay.shop"),
        (workload("apps.kruise.io/v1alpha1", "CloneSet"), "cloneset/pay.shop"),
        (workload(KNATIVE, "Service"), "deployment/pay-00001-deployment.shop"),
        (workload("apps/v1", "ReplicaSet", spec="selector: {matchLabels: {app: pay}}\n"), "rs/pay.shop"),
        (workload("batch/v1", "Job"), "job/pay.shop"),
    ],
)
def test_what_has_a_pod_template_makes_pods(text: str, name: str) -> None:
    """A workload of any kind with a Pod template has a proxy, which is an endpoint of Services that select it."""
    loaded = mesh(text, *([] if KNATIVE in text else [SERVICE]))
    proxy = loaded.proxy(name)
    assert proxy.is_sidecar
    if KNATIVE not in text:
        assert endpoints(loaded, name) == list(proxy.ip_addresses)


def test_a_cron_job_of_another_group_makes_pods() -> None:
    """A Pod template below a `jobTemplate` is also supported."""
    job = "jobTemplate:\n  spec:\n    template:\n" + indent(TEMPLATE, "      ")
    loaded = mesh(workload("apps.kruise.io/v1alpha1", "AdvancedCronJob", template="", spec=job))
    assert [proxy.id for proxy in loaded.proxies()] == ["pay-0.shop"]


def test_a_rollout_without_replicas_makes_no_pods() -> None:
    """Zero replicas mean no Pods, for any kind."""
    assert mesh(ROLLOUT.replace("replicas: 3", "replicas: 0")).proxies() == ()


def test_a_rollout_takes_the_template_that_it_refers_to() -> None:
    """A Rollout with a `workloadRef` creates the Pods of that Deployment's template. The Deployment creates none."""
    reference = "workloadRef: {apiVersion: apps/v1, kind: Deployment, name: pay-app}\n"
    rollout = workload("argoproj.io/v1alpha1", "Rollout", template="", spec="replicas: 2\n" + reference)
    for deployment in (DEPLOYMENT, DEPLOYMENT.replace("replicas: 0", "replicas: 2")):
        loaded = mesh(rollout, deployment, SERVICE)
        assert [proxy.id for proxy in loaded.proxies()] == ["pay-0.shop"]
        assert endpoints(loaded, "rollout/pay.shop") == list(loaded.proxy("rollout/pay.shop").ip_addresses)


def test_a_rollout_without_its_deployment_makes_no_pods() -> None:
    """Without the referenced Deployment, a Rollout has no Pods, and a warning reports it."""
    reference = "workloadRef: {apiVersion: apps/v1, kind: Deployment, name: missing}\n"
    loaded = mesh(workload("argoproj.io/v1alpha1", "Rollout", template="", spec=reference))
    assert loaded.proxies() == ()
    (found,) = [each for each in loaded.diagnostics if each.severity is meshcompile.Severity.WARNING]
    assert (found.slug, found.kind, found.name, found.field) == ("no-template", "Rollout", "pay", "spec.workloadRef")


@pytest.mark.parametrize("kind", ["ReplicaSet", "PodTemplate"])
def test_a_rollout_that_refers_to_another_kind_is_not_read(kind: str) -> None:
    """A `workloadRef` to a kind other than Deployment creates no Pods."""
    reference = f"workloadRef: {{kind: {kind}, name: pay}}\n"
    loaded = mesh(workload("argoproj.io/v1alpha1", "Rollout", template="", spec=reference))
    assert (loaded.proxies(), [found.slug for found in loaded.diagnostics]) == ((), ["kind-passed-over"])


def test_what_knative_made_of_a_service_is_no_workload_beside_it() -> None:
    """A Configuration that a Knative Service owns creates no Pods of its own."""
    owned = workload(KNATIVE, "Configuration").replace(
        "namespace: shop}",
        f"namespace: shop, ownerReferences: [{{apiVersion: {KNATIVE}, kind: Service, name: pay, controller: true}}]}}",
    )
    assert [proxy.id for proxy in mesh(workload(KNATIVE, "Service"), owned).proxies()] == [
        "pay-00001-deployment-0.shop"
    ]


def test_a_hook_of_helm_does_not_run() -> None:
    """The Pod of a chart's test, which `helm template` also prints, has no proxy."""
    meta = "metadata: {name: web, namespace: shop, annotations: {helm.sh/hook: test}}\n"
    loaded = mesh("apiVersion: v1\nkind: Pod\n" + meta + "spec: {containers: [{name: web, image: web}]}\n")
    assert (loaded.proxies(), loaded.diagnostics) == ((), ())


def test_a_knative_service_is_its_first_revision() -> None:
    """Pods of a Knative Service belong to the Deployment of its revision, and have Knative's labels."""
    loaded = mesh(workload(KNATIVE, "Service"))
    proxy = loaded.proxy("ksvc/pay.shop")
    assert proxy.id == "pay-00001-deployment-0.shop"
    assert proxy.labels["serving.knative.dev/revision"] == proxy.labels["app"] == "pay-00001"
    named = TEMPLATE.replace("{labels:", "{name: pay-blue, labels:")
    assert mesh(workload(KNATIVE, "Service", template=named)).proxies()[0].id == "pay-blue-deployment-0.shop"


def test_a_knative_service_whose_deployment_is_there_makes_no_other() -> None:
    """If the input has the objects that Knative creates, they are not assumed."""
    made = workload("apps/v1", "Deployment", "pay-00007-deployment", spec="selector: {matchLabels: {app: pay}}\n")
    made = made.replace("namespace: shop}", "namespace: shop, labels: {serving.knative.dev/service: pay}}")
    loaded = mesh(workload(KNATIVE, "Service"), made)
    assert [proxy.id for proxy in loaded.proxies()] == ["pay-00007-deployment-0.shop"]


def test_a_pod_of_a_manifest_runs() -> None:
    """A Pod without a status is injected, has an address, is an endpoint, and is reported as assumed."""
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {app: pay}}\n"
    loaded = mesh(pod + "spec: {containers: [{name: web, image: web}]}\n", SERVICE)
    assert endpoints(loaded, "web.shop") == list(loaded.proxy("pod/web.shop").ip_addresses)
    (assumption,) = [found for found in loaded.diagnostics if found.slug == "assumed-running"]
    assert assumption.message.startswith("assumed that Pod `web` is running, with a sidecar, at 198.18.")


def test_a_pod_of_a_cluster_stays_as_it_is() -> None:
    """A Pod without an address in its status is not running."""
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nstatus: {phase: Pending}\n"
    assert mesh(pod).proxies() == ()


def test_a_pod_of_a_manifest_is_not_a_deployments() -> None:
    """A Pod that a user wrote with the labels of a Deployment does not replace the Deployment's Pods."""
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {app: pay}}\n"
    loaded = mesh(pod, DEPLOYMENT.replace("replicas: 0", "replicas: 1"))
    assert [proxy.id for proxy in loaded.proxies()] == ["pay-app-0.shop", "web.shop"]


@pytest.mark.parametrize(
    ("name", "container"),
    [
        ("ztunnel", "{name: istio-proxy, image: ztunnel, args: [proxy, ztunnel]}"),
        ("istio-cni-node", "{name: install-cni, image: install-cni}"),
        ("istiod", "{name: discovery, image: pilot, args: [discovery]}"),
    ],
)
def test_not_all_of_istio_is_a_proxy(name: str, container: str) -> None:
    """ztunnel, the CNI plugin and istiod do not run Envoy."""
    template = f"metadata: {{labels: {{app: {name}}}}}\nspec: {{containers: [{container}]}}\n"
    text = workload("apps/v1", "DaemonSet", name, template, f"selector: {{matchLabels: {{app: {name}}}}}\n")
    loaded = mesh(text.replace("namespace: shop", "namespace: istio-system"))
    assert loaded.proxies() == ()
    with pytest.raises(UnknownProxy):
        loaded.proxy(f"ds/{name}.istio-system")


@pytest.mark.parametrize(
    ("owner", "labels", "name"),
    [
        ("ReplicaSet/pay-5d4f", "{rollouts-pod-template-hash: 5d4f}", "rollout/pay.shop"),
        ("ReplicaSet/pay-5d4f", "{pod-template-hash: 5d4f}", "deployment/pay.shop"),
        ("ReplicationController/pay-3", "{deploymentconfig: pay}", "deploymentconfig/pay.shop"),
    ],
)
def test_pods_of_a_cluster_are_named_for_what_made_them(owner: str, labels: str, name: str) -> None:
    """The owner of a real Pod leads to the workload that a user wrote."""
    kind, _, owner_name = owner.partition("/")
    pod = f"""\
apiVersion: v1
kind: Pod
metadata:
  {{name: pay-x, namespace: shop, labels: {labels}, ownerReferences: [{{kind: {kind}, name: {owner_name}}}]}}
spec: {{containers: [{{name: istio-proxy}}]}}
status: {{phase: Running, podIP: 10.0.0.1}}
"""
    assert mesh(pod).proxy(name).id == "pay-x.shop"


def test_a_wrong_template_is_an_error() -> None:
    """An error in a Pod template of any kind is reported at its position."""
    loaded = mesh(ROLLOUT.replace("containerPort: 8080", 'containerPort: "8080"'))
    (found,) = [each for each in loaded.diagnostics if each.rejected]
    assert found.field == "spec.template.spec.containers[0].ports[0].containerPort"
    assert (found.kind, found.line) == ("Rollout", 9)


@pytest.mark.parametrize("labels", ["null", "x", "[a]"])
def test_labels_of_a_selector_that_are_none_match_nothing(labels: str) -> None:
    """A workload with a `matchLabels` that is not an object is read, and selects no Pods by labels."""
    loaded = mesh(ROLLOUT.replace("matchLabels: {app: pay}", f"matchLabels: {labels}"))
    assert not any(found.rejected for found in loaded.diagnostics)
    assert loaded.proxy("rollout/pay.shop").labels["app"] == "pay"
