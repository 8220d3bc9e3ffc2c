"""Repositories with common layouts, each with mistakes: the content of the files, and the expected findings."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

CRD = "apiextensions.k8s.io/v1"

Files = Mapping[str, str | Mapping[str, str]]
"""Texts by path. A mapping is an archive."""


@dataclass(frozen=True)
class Repository:
    """A repository and its problems: slugs of errors, and of warnings about folders, with their positions."""

    files: Files
    errors: tuple[str, ...]
    said: tuple[str, ...] = ()


def write(root: Path, files: Files) -> Path:
    """The root folder, with the files in it."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content)
        else:
            _pack(path, content)
    return root


def _pack(path: Path, files: Mapping[str, str]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))


def service(name: str, namespace: str = "shop") -> str:
    return f"""\
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{app: {name}}}
  ports:
    - {{name: http, port: 80, targetPort: 8080}}
"""


def custom_resource_definition(name: str) -> str:
    plural, _, group = name.partition(".")
    return f"""\
apiVersion: {CRD}
kind: CustomResourceDefinition
metadata: {{name: {name}}}
spec:
  group: {group}
  names: {{kind: Widget, plural: {plural}}}
  scope: Namespaced
  versions:
    - {{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object}}}}}}
"""


def deployment(name: str, namespace: str = "shop", image: str = "shop") -> str:
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
        - name: {name}
          image: {image}
          ports: [{{containerPort: 8080}}]
"""


def virtual_service(name: str, namespace: str = "shop", field: str = "http") -> str:
    return f"""\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  hosts: [{name}]
  {field}:
    - route: [{{destination: {{host: {name}}}}}]
"""


def gateway(name: str, namespace: str = "shop", port: int = 80) -> str:
    return f"""\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{istio: ingressgateway}}
  servers:
    - port: {{number: {port}, name: http, protocol: HTTP}}
      hosts: [shop.example.com]
"""


def as_item(text: str) -> str:
    """An object as an item of a list."""
    return "".join(f"{'  ' if number else '- '}{line}" for number, line in enumerate(text.splitlines(keepends=True)))


def typed(api_version: str, kind: str, name: str) -> str:
    """The beginning of an object."""
    return f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: {name}}}\n"


def stream(*documents: str) -> str:
    return "---\n".join(documents)


def helm_chart() -> Repository:
    """A repository with one chart, values for environments, and manifests that are applied manually."""
    return Repository(
        {
            "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies: [{name: redis, version: 1.x}]\n",
            "Chart.lock": "dependencies: []\n",
            "values.yaml": "kind: Deployment\nimage: {tag: latest}\nmetadata: {name: shop}\n",
            "values.schema.json": '{"$schema": "https://json-schema.org/schema#", "type": "object"}',
            "ci/test-values.yaml": "image: {tag: ci}\n",
            "templates/_helpers.tpl": '{{- define "shop.name" -}}shop{{- end }}\n',
            "templates/deployment.yaml": "{{- if .Values.enabled }}\n"
            + deployment("{{ .Release.Name }}")
            + "{{- end }}\n",
            "templates/gateway.yaml": gateway("public").replace("shop.example.com", "'*.{{ .Values.domain }}'"),
            "templates/tests/test.yaml": 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ include "shop.name" . }}\n',
            "charts/redis/Chart.yaml": "apiVersion: v1\nname: redis\nversion: 1.0.0\n",
            "charts/redis/templates/service.yaml": "{{ range .Values.ports }}\n" + service("redis") + "{{ end }}\n",
            "crds/crd.yaml": custom_resource_definition("widgets.example.com"),
            "manual/virtual-service.yaml": virtual_service("shop", field="htpp"),
        },
        errors=("unknown-field manual/virtual-service.yaml:6",),
        said=("helm-chart Chart.yaml",),
    )


def kustomize() -> Repository:
    """A base, overlays with patches of all kinds, and a component."""
    return Repository(
        {
            "base/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
            "resources: [deployment.yaml, service.yaml, routes.yaml]\nlabels: [{pairs: {team: shop}}]\n",
            "base/deployment.yaml": deployment("web"),
            "base/service.yaml": service("web"),
            "base/routes.yaml": stream(virtual_service("web"), gateway("public", port=99999)),
            "overlays/dev/kustomization.yaml": "resources: [../../base]\nnamespace: dev\nnamePrefix: dev-\n"
            "patches:\n  - path: replicas.yaml\n  - path: json-patch.yaml\n    target: {kind: Service}\n"
            "  - patch: |-\n      - op: remove\n        path: /spec/x\n    target: {kind: Gateway}\n",
            "overlays/dev/replicas.yaml": typed("apps/v1", "Deployment", "web") + "spec: {replicas: 1}\n",
            "overlays/dev/json-patch.yaml": "- op: replace\n  path: /spec/ports/0/port\n  value: 81\n",
            "overlays/prod/kustomization.yaml": "resources: [../../base, extra.yaml]\n"
            "components: [../../components/tls]\n"
            "patchesStrategicMerge: [patch-service.yaml]\nconfigMapGenerator:\n  - name: c\n    files: [config.yaml]\n",
            "overlays/prod/patch-service.yaml": typed("v1", "Service", "web") + "spec: {type: LoadBalancer}\n",
            "overlays/prod/unlisted.yaml": typed("apps/v1", "Deployment", "web") + "spec: {replicas: 9}\n",
            "overlays/prod/config.yaml": "logLevel: info\n",
            "overlays/prod/extra.yaml": virtual_service("extra").replace("kind: VirtualService", "kind: VirtualServce"),
            "components/tls/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
            "patches: [{path: tls.yaml}]\n",
            "components/tls/tls.yaml": typed("networking.istio.io/v1", "Gateway", "public"),
        },
        errors=("invalid-port base/routes.yaml:15", "unknown-type overlays/prod/extra.yaml:2"),
        said=("kustomization overlays/dev/kustomization.yaml", "kustomization overlays/prod/kustomization.yaml"),
    )


def argo_cd() -> Repository:
    """An app of apps as a chart, next to an ApplicationSet with templates and plain manifests with hooks."""
    application = typed("argoproj.io/v1alpha1", "Application", "%s, namespace: argocd") + "spec: {}\n"
    hook = "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: migrate-}\nspec:\n  template:\n    spec:\n"
    return Repository(
        {
            "apps/Chart.yaml": "apiVersion: v1\nname: apps\nversion: 0.1.0\n",
            "apps/templates/shop.yaml": application % "shop" + "  repoURL: {{ .Values.spec.source.repoURL }}\n",
            "apps/values.yaml": "spec: {source: {repoURL: https://example.com}}\n",
            "root.yaml": application % "root",
            "set.yaml": typed("argoproj.io/v1alpha1", "ApplicationSet", "all") + "spec:\n"
            "  goTemplate: true\n  template:\n    metadata: {name: '{{ .path.basename }}'}\n",
            "project.yaml": typed("argoproj.io/v1alpha1", "AppProject", "shop") + "spec: {}\n",
            "shop/all.yaml": stream(deployment("shop"), service("shop"), virtual_service("shop")),
            "shop/hook.yaml": hook + "      containers: [{name: m, image: m}]\n      restartPolicy: Never\n",
            "shop/rollout.yaml": deployment("pay")
            .replace("apps/v1", "argoproj.io/v1alpha1")
            .replace("Deployment", "Rollout"),
            "shop/broken.yaml": virtual_service("broken").replace("  hosts", "\thosts"),
        },
        errors=("not-yaml shop/broken.yaml:5",),
        said=("helm-chart apps/Chart.yaml",),
    )


def flux() -> Repository:
    """A Flux repository with clusters, HelmReleases, variables to substitute, and a patch without a kustomization."""
    return Repository(
        {
            "clusters/prod/flux-system/gotk-sync.yaml": "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
            "metadata: {name: flux-system, namespace: flux-system}\nspec: {url: ssh://git@example.com/shop}\n",
            "clusters/prod/flux-system/kustomization.yaml": "resources: [gotk-sync.yaml]\n",
            "clusters/prod/apps.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
            "metadata: {name: apps, namespace: flux-system}\nspec: {path: ./apps, prune: true}\n",
            "apps/kustomization.yaml": "resources: [release.yaml, repository.yaml, ingress.yaml]\nnamespace: shop\n",
            "apps/repository.yaml": typed("source.toolkit.fluxcd.io/v1", "HelmRepository", "x"),
            "apps/release.yaml": typed("helm.toolkit.fluxcd.io/v2", "HelmRelease", "podinfo")
            + "spec:\n  values: {hosts: ['{{ .Values.host }}']}\n",
            "apps/ingress.yaml": gateway("public").replace("shop.example.com", "'*.${cluster_domain:=example.com}'"),
            "apps/routes.yaml": virtual_service("shop").replace("destination", "destnation"),
            "apps/secret.enc.yaml": typed("v1", "Secret", "s, namespace: shop")
            + "stringData: {password: 'ENC[AES256_GCM,data:x,type:str]'}\nsops: {age: [], version: 3.8.1}\n",
        },
        errors=("unknown-field apps/routes.yaml:7", "missing-field apps/routes.yaml:7"),
        said=("kustomization apps/kustomization.yaml", "not-rendered apps/ingress.yaml"),
    )


def plain_folders() -> Repository:
    """Folders by namespace and kind, with empty files, comments, lists, and documents in JSON."""
    return Repository(
        {
            "shop/deployments/web.yaml": deployment("web"),
            "shop/services/web.yml": service("web"),
            "shop/services/legacy.json": json.dumps(
                {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "old"}, "spec": {"ports": [{"port": 80}]}}
            ),
            "shop/istio/todo.yaml": "# TODO\n---\n# nothing yet\n",
            "shop/istio/empty.yaml": "",
            "shop/istio/no-kind.yaml": gateway("public").replace("kind: Gateway\n", ""),
            "shop/istio/spelled.yaml": gateway("other").replace("apiVersion", "ApiVersion"),
            "shop/istio/dash.yaml": as_item(gateway("dash")),
            "README.md": "# Shop\n",
            ".hidden/broken.yaml": "a: b: c\n",
        },
        errors=(
            "missing-type shop/istio/no-kind.yaml:1",
            "missing-type shop/istio/spelled.yaml:1",
            "not-a-mapping shop/istio/dash.yaml:1",
        ),
    )


def monorepo() -> Repository:
    """Source code in several languages, configuration of many tools, build results, and manifests in one corner."""
    return Repository(
        {
            "package.json": '{"name": "shop", "version": "1.0.0", "scripts": {"kind": "echo"}}',
            "package-lock.json": json.dumps({"lockfileVersion": 3, "packages": {"a": {"version": "1.0.0"}}}),
            "tsconfig.json": '{\n  // strict\n  "compilerOptions": {"strict": true,},\n}\n',
            "pnpm-lock.yaml": "lockfileVersion: '9.0'\npackages: {}\n",
            "docker-compose.yml": "services:\n  web:\n    image: ${REGISTRY:-local}/web\n",
            "compose.override.yaml": "x-common: &common {restart: always}\nservices:\n  web: {<<: *common}\n",
            ".github/workflows/ci.yaml": "on: push\njobs: {}\n",
            ".pre-commit-config.yaml": "repos: []\n",
            "ci/pipeline.yml": "stages: [build]\nbuild:\n  script: ['echo ${{ secrets.X }}']\n",
            "api/openapi.yaml": "openapi: 3.1.0\ninfo: {title: Shop}\npaths: {}\ncomponents:\n  schemas:\n    Pet:\n"
            "      properties:\n        kind: {type: string}\n        metadata: {type: object}\n",
            "api/swagger.json": json.dumps({"swagger": "2.0", "info": {}, "definitions": {"A": {"kind": "B"}}}),
            "docs/mkdocs.yml": "site_name: Shop\nplugins:\n  - x: !!python/name:a.b\n",
            "infra/playbook.yml": "- hosts: all\n  tasks:\n    - name: '{{ item }}'\n      debug: {msg: hi}\n",
            "infra/jinja.yaml": "{% for host in hosts %}\n- {{ host }}\n{% endfor %}\n",
            "monitoring/dashboard.json": json.dumps({"panels": [], "schemaVersion": 39, "title": "Shop"}),
            "monitoring/rules.yaml": "groups:\n  - name: a\n    rules: [{alert: A, labels: {x: '{{ $labels.x }}'}}]\n",
            "test/fixture.json": '[{"id": 1, "kind": "dog"}, {"id": 2}]',
            "test/bad.json": '{"a": 1,, }',
            "test/latin.yaml": "name: x\nname: y\n",
            "build/manifests/broken.yaml": "apiVersion: v1\nkind: Service\nmetadata: [\n",
            "node_modules/x/values.yaml": "kind: A\n",
            ".gitignore": "build/\nnode_modules/\n",
            ".git/HEAD": "ref: refs/heads/main\n",
            "deploy/web.yaml": stream(deployment("web"), service("web"), virtual_service("web", field="htpp")),
        },
        errors=("unknown-field deploy/web.yaml:27",),
    )


def course() -> Repository:
    """Chapters that repeat objects with small changes, and exercises with mistakes in them."""
    chapters = {
        f"ch{n:02}/{name}.yaml": text
        for n in range(1, 6)
        for name, text in (("app", stream(deployment("web"), service("web"))), ("route", virtual_service("web")))
    }
    return Repository(
        chapters
        | {
            "ch03/answers.yaml": "question: what does a VirtualService do?\n",
            "ch04/wrong/timeout.yaml": virtual_service("web").rstrip() + "\n      timeout: 3 seconds\n",
            "ch05/wrong/version.yaml": virtual_service("web").replace(
                "networking.istio.io/v1", "networking.istio.io/v9"
            ),
            "ch05/mesh.yaml": "defaultConfig: {concurrency: 2}\naccessLogFile: /dev/stdout\n",
        },
        errors=("wrong-value ch04/wrong/timeout.yaml:8", "unknown-type ch05/wrong/version.yaml:2"),
    )


def dumps() -> Repository:
    """What `kubectl get -o yaml` and `-o json` print, in lists and one object per line."""
    status = "status: {conditions: [], observedGeneration: 3}\n"
    kept = '  annotations: {kubectl.kubernetes.io/last-applied-configuration: \'{"kind": "Service", "spec": 1}\'}\n'
    metadata = (
        f"metadata:\n  name: web\n  namespace: shop\n  uid: 1b0a\n  resourceVersion: '42'\n  generation: 3\n{kept}"
        "  creationTimestamp: '2024-01-01T00:00:00Z'\n"
        "  managedFields:\n  - {manager: kubectl, operation: Update, fieldsType: FieldsV1, fieldsV1: {'f:spec': {}}}\n"
    )

    def dumped(text: str) -> str:
        head, _, spec = text.partition("spec:\n")
        return head[: head.index("metadata:")] + metadata + "spec:\n" + spec + status

    def item(text: str) -> str:
        return as_item(dumped(text))

    pods = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"n{i}"}, "status": {"phase": "Active"}}
        for i in range(3)
    ]
    return Repository(
        {
            "all.yaml": "apiVersion: v1\nitems:\n"
            + item(deployment("web"))
            + item(service("web"))
            + item(virtual_service("web"))
            + "kind: List\nmetadata: {resourceVersion: ''}\n",
            "one.yaml": dumped(gateway("public")),
            "lines.json": "".join(json.dumps(pod) + "\n" for pod in pods),
            "pretty.json": "".join(json.dumps(pod, indent=2) for pod in pods),
            "events.yaml": "apiVersion: v1\nitems: []\nkind: List\n",
            "typed.yaml": "apiVersion: networking.istio.io/v1\nkind: GatewayList\nitems:\n"
            + item(gateway("x").replace("hosts:", "hostz:")),
            "table.txt": "NAME  READY\n",
        },
        errors=("unknown-field typed.yaml:20", "missing-field typed.yaml:19"),
    )


def secrets_and_crds() -> Repository:
    """Operators with their CRDs, SealedSecrets, ExternalSecrets and unknown kinds."""
    return Repository(
        {
            "crds/bundle.yaml": stream(
                *(custom_resource_definition(f"{name}.example.com") for name in "ab"),
            ),
            "sealed.yaml": typed("bitnami.com/v1alpha1", "SealedSecret", "s") + "spec:\n  encryptedData: {a: AgB}\n"
            "  template: {metadata: {name: s}}\n",
            "external.yaml": typed("external-secrets.io/v1", "ExternalSecret", "e") + "spec:\n"
            "  target: {template: {data: {url: 'https://{{ .user }}@x'}}}\n",
            "policy.yaml": typed("kyverno.io/v1", "ClusterPolicy", "p") + "spec:\n"
            "  rules: [{name: r, message: '{{ request.object.metadata.name }}'}]\n",
            "workflow.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: w-}\nspec:\n"
            "  templates: [{name: a, container: {image: '{{inputs.parameters.image}}'}}]\n",
            "catalog-info.yaml": typed("backstage.io/v1alpha1", "Component", "shop") + "spec: {type: service}\n",
            "config.yaml": typed("v1", "ConfigMap", "t, namespace: shop") + "data:\n  tpl.yaml: |\n"
            "    {{- if .Values.x }}\n    a: b: c\n    {{- end }}\n  x: '{{ include \"a\" . }}'\n",
            "authorization.yaml": typed("security.istio.io/v1", "AuthorizationPolicy", "a") + "spec:\n"
            "  rules: [{from: [{source: {principals: [a]}}]}]\n  acton: DENY\n",
        },
        errors=("unknown-field authorization.yaml:6",),
    )


def jsonnet() -> Repository:
    """Jsonnet with its libraries, and its rendered output."""
    return Repository(
        {
            "main.jsonnet": "local k = import 'lib/k.libsonnet'; k.deployment('web')\n",
            "lib/k.libsonnet": "{ deployment(name): { kind: 'Deployment' } }\n",
            "jsonnetfile.json": '{"version": 1, "dependencies": []}',
            "jsonnetfile.lock.json": '{"version": 1, "dependencies": []}',
            "rendered/web.json": json.dumps([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}]),
            "rendered/service.yaml": service("web"),
            "timoni/main.cue": "package main\n",
        },
        errors=("not-a-mapping rendered/web.json:1",),
        said=("not-rendered lib/k.libsonnet", "not-rendered timoni/main.cue"),
    )


def skaffold() -> Repository:
    """Skaffold, Tilt, kind and helmfile, next to the manifests that they apply."""
    return Repository(
        {
            "skaffold.yaml": typed("skaffold/v4beta11", "Config", "shop") + "build: {artifacts: []}\n"
            "---\napiVersion: skaffold/v4beta11\nkind: Config\nmetadata: {name: other}\n",
            "kind.yaml": "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes: [{role: control-plane}]\n",
            "Tiltfile": "k8s_yaml('k8s/web.yaml')\n",
            "helmfile.yaml": "repositories: [{name: a, url: b}]\nreleases: [{name: shop, chart: ./chart}]\n",
            "helmfile.d/values.yaml.gotmpl": "a: {{ .Values.a }}\n",
            "kubeconfig.yaml": "apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n",
            "k8s/web.yaml": stream(deployment("web", image="${SKAFFOLD_IMAGE}"), service("web")),
            "k8s/route.yaml": virtual_service("web").replace("- route", "- rout"),
            "cloudbuild.yaml": "steps: [{name: gcr.io/x, args: ['$_TAG']}]\n",
        },
        errors=("unknown-field k8s/route.yaml:7",),
    )


def terraform() -> Repository:
    """Terraform with YAML: templates for it, plans, and objects that it applies."""
    return Repository(
        {
            "main.tf": 'resource "x" "y" {}\n',
            "prod.auto.tfvars.json": '{"region": "eu"}',
            "plan.json": json.dumps({"format_version": "1.2", "resource_changes": [{"kind": "x"}]}),
            "templates/mesh.yaml": gateway("${name}").replace("shop.example.com", "${host}"),
            "templates/loop.yaml": "%{ for host in hosts ~}\n- ${host}\n%{ endfor ~}\n",
            "manifests/gateway.yaml": gateway("public").replace("protocol: HTTP", "protocol: HTPT"),
            "manifests/operator.yaml": typed("install.istio.io/v1alpha1", "IstioOperator", "i") + "spec:\n"
            "  meshConfig: {accessLogFile: /dev/stdout}\n",
        },
        errors=("unknown-protocol manifests/gateway.yaml:7",),
        said=("not-rendered templates/mesh.yaml",),
    )


def bug_report() -> Repository:
    """An archive of `istioctl bug-report`."""

    def listed(*objects: str) -> str:
        return (
            "apiVersion: v1\nitems:\n"
            + "".join(map(as_item, objects))
            + "kind: List\nmetadata: {resourceVersion: ''}\n"
        )

    return Repository(
        {
            "bug-report.tar.gz": {
                "bug-report/versions": "client version: 1.30.3\n",
                "bug-report/cluster/k8s-resources": listed(deployment("web"), service("web")),
                "bug-report/cluster/k8s-cluster-resources": listed(typed("v1", "Node", "node-1")),
                "bug-report/cluster/nodes": listed(typed("v1", "Node", "node-1")),
                "bug-report/cluster/crs": listed(gateway("public"), virtual_service("web", field="htpp")),
                "bug-report/cluster/secrets": "NAMESPACE  NAME  TYPE  DATA  AGE\nshop  s  Opaque  1  3d\n",
                "bug-report/cluster/events": "NAMESPACE  LAST SEEN\n",
                "bug-report/analyze/all-namespaces/analyze": "Warning [IST0103]\n",
                "bug-report/istio/istio-system/istiod-1/discovery.log": "info\n",
                "bug-report/istio/istio-system/istiod-1/debug/configz": "[" + virtual_service("web") + "]",
                "bug-report/proxies/shop/web-1/config_dump?include_eds=true": '{"configs": []}',
            }
        },
        errors=("unknown-field bug-report.tar.gz!bug-report/cluster/crs:16",),
    )


REPOSITORIES: tuple[Callable[[], Repository], ...] = (
    helm_chart,
    kustomize,
    argo_cd,
    flux,
    plain_folders,
    monorepo,
    course,
    dumps,
    secrets_and_crds,
    jsonnet,
    skaffold,
    terraform,
    bug_report,
)
