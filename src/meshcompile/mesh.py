"""The public entry: load a mesh, compile its proxies.

mesh = meshcompile.load("mesh/")
config = mesh.compile("deployment/webapp.istioinaction")
print(config.to_json())
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, partial
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING

from meshcompile.accept import Accepted, Admission
from meshcompile.behaviour import DEFAULT_RELEASE, ISTIO_1_30, RELEASES, Behaviour, features_of, with_features
from meshcompile.collector import collect_if_grown, gc_paused
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.documents.limits import DEFAULT_LIMITS, Limits
from meshcompile.errors import InvalidArgument, instance, keyed, texts
from meshcompile.inputs import LOADED_BY_DEFAULT, Kept, Loading, Reading, loaded
from meshcompile.models.base import Resource
from meshcompile.models.registry import GATEWAY_API_MODELS, has_pods
from meshcompile.repeats import without_repeats
from meshcompile.settings import MeshSettings, settings_with
from meshcompile.snapshot.resources import CONFIG_CLUSTER, Assumed, ConfigStore, grouped_by_kind, sorted_by_age
from meshcompile.source.ignored import Selection
from meshcompile.source.reading import Input
from meshcompile.source.sources import Sources

if TYPE_CHECKING:  # the compiler is imported by what needs it, so that objects are checked without
    from concurrent.futures import Executor
    from datetime import datetime

    from meshcompile.assumed_proxy import AssumedProxy
    from meshcompile.config import Config
    from meshcompile.config_dump import ConfigDump
    from meshcompile.describe.description import Description
    from meshcompile.describe.world import DescribedWorld
    from meshcompile.explain.request import Request
    from meshcompile.explain.trace import Trace
    from meshcompile.explain.world import World
    from meshcompile.models.mesh.mesh_config import MeshConfig
    from meshcompile.models.mesh.mesh_networks import MeshNetworks
    from meshcompile.output.credentials import Credential
    from meshcompile.prove.results import Proofs
    from meshcompile.prove.rows import Reach
    from meshcompile.proxies import NamedProxy
    from meshcompile.proxy import Proxy
    from meshcompile.queries import Answers
    from meshcompile.snapshot.proxy_configs import ProxyConfigIndex
    from meshcompile.snapshot.snapshot import Snapshot
    from meshcompile.status.objects import ObjectStatus
    from meshcompile.unreachable.found import UnreachableRoute
    from meshcompile.uses import Use
    from meshcompile.ztunnel.config import ZtunnelConfig


@gc_paused()
def load(
    inputs: Input | Iterable[Input],
    mesh_config: Input | MeshConfig | None = None,
    networks: Input | MeshNetworks | None = None,
    clusters: Mapping[str, Input | Iterable[Input]] | None = None,
    ambient: bool = False,
    namespace: str = "default",
    jwks: Mapping[str, str] | None = None,
    exclude: Iterable[str] = (),
    gitignore: bool = True,
    limits: Limits = DEFAULT_LIMITS,
    features: Mapping[str, bool] | None = None,
    release: str = DEFAULT_RELEASE,
) -> Mesh:
    """A mesh from YAML or JSON.

    `inputs` are one or more files, folders (read recursively), tar archives, `-` for standard input, texts, UTF-8 bytes
    or objects (plain data). A str is a text if it has a line break, begins with `{` or `[`, or contains `: ` and is not
    the name of a file. Any other str is a path, and so is every `os.PathLike`.

    `mesh_config` overrides Istio's installed defaults, and the ConfigMap `istio` or IstioOperator in the input.
    `networks` are the `networks` of MeshNetworks. Both may be plain data, a text or a file, which contains the message
    itself, a ConfigMap, an IstioOperator or Helm values. `clusters` are the inputs of remote clusters, by name.
    `namespace` is the namespace of objects without one, like kubectl's `-n`. `jwks` are the keys of token issuers by
    `jwksUri`, which meshcompile never fetches. `features` are feature flags of istiod by environment variable, such as
    `{"PILOT_ENABLE_ALPHA_GATEWAY_API": True}`; the others have Istio's defaults. `release` is the release of Istio to
    follow: `1.29`, `1.30` or `1.31`.

    In a folder, files without objects are skipped and counted in `sources`. `exclude` are patterns of files to exclude,
    as in a `.gitignore`. They apply in addition to `.meshcompileignore` and, unless `gitignore` is False, `.gitignore`.
    `limits` limits the size of the inputs. It applies to the inputs of each remote cluster separately.

    Raises UnreadableInput if a whole file cannot be read, or if there is input but none of it can be read. Raises
    InvalidArgument if an argument has a wrong type, if a feature flag or a release is unknown, or if a mesh config file
    contains several mesh configs. Problems of
    a document or an object are diagnostics of the mesh, and an invalid object is ignored.
    """
    collect_if_grown()
    instance("namespace", namespace, str)
    instance("limits", limits, Limits)
    keys = keyed("jwks", jwks, str)
    behaviour = _behaviour(release, keyed("features", features, bool))
    reading = Reading(limits, Selection(texts("exclude", exclude), gitignore), Admission(namespace, behaviour))
    own = loaded(inputs, reading)
    remote = {name: loaded(given, reading) for name, given in sorted(keyed("clusters", clusters).items())}
    loading = Loading.of(reading, mesh_config, networks)
    settings = settings_with(own.resources, loading.given, behaviour)
    return Mesh(own, remote, settings, namespace, ambient, behaviour, keys, loading)


def _behaviour(release: str, features: Mapping[str, bool]) -> Behaviour:
    """The behaviour of a release of istiod with some feature flags."""
    if release not in RELEASES:
        raise InvalidArgument(f"unknown release {release!r}: known are {', '.join(RELEASES)}")
    known = features_of(release)
    unknown = sorted(features.keys() - set(known))
    if unknown:
        raise InvalidArgument(f"unknown feature flag {unknown[0]}: Istio {release} has {', '.join(known)}")
    return with_features(RELEASES[release], features) if features else RELEASES[release]


@dataclass(frozen=True)
class Mesh:
    """The accepted objects of a mesh. Immutable. Compiling several proxies shares what they have in common.

    Two meshes are equal if they have equal objects in the same order, equal settings and equal arguments, regardless of
    files and diagnostics. Pickling keeps what was loaded; the copy computes the rest again.
    """

    config_cluster: Accepted = field(repr=False)
    remote_clusters: Mapping[str, Accepted] = field(repr=False, hash=False)
    settings: MeshSettings = field(repr=False, hash=False)
    namespace: str = "default"
    ambient: bool = False
    behaviour: Behaviour = ISTIO_1_30
    jwks: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    loading: Loading = field(default=LOADED_BY_DEFAULT, repr=False, compare=False)

    def __getstate__(self) -> dict[str, object]:
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @cached_property
    @gc_paused()
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Findings about the mesh, by position: rejected objects, rules without effect, and assumptions."""
        read = (*self.config_cluster.diagnostics, *(d for c in self.remote_clusters.values() for d in c.diagnostics))
        completed = (d for cluster in self._clusters.values() for d in cluster.diagnostics)
        compiled = (*self._findings, *self._patches_of_other_releases)
        found = without_repeats({*read, *self.settings.diagnostics, *completed, *compiled, *self._ambient_findings()})
        return tuple(sorted(found, key=attrgetter("sort_key")))  # a position is computed once, not in every comparison

    def _ambient_findings(self) -> Iterable[Diagnostic]:
        resources = self.config_cluster.resources
        if not self.ambient and not any(each.kind == "Namespace" for each in resources):
            return ()
        from meshcompile.snapshot.ambient_mode import ambient_findings  # for a fast start: few inputs need it

        return ambient_findings(resources, ambient=self.ambient)

    @property
    def sources(self) -> Sources:
        """What was read: the number of files and objects, and the files in folders without Kubernetes objects."""
        return sum((cluster.sources for cluster in self.remote_clusters.values()), self.config_cluster.sources)

    @property
    def objects(self) -> tuple[Resource, ...]:
        """The accepted objects, those of remote clusters last."""
        clusters = (self.config_cluster, *self.remote_clusters.values())
        return tuple(resource for cluster in clusters for resource in cluster.resources)

    @gc_paused()
    def analyze(
        self,
        at: datetime | None = None,
        select: Iterable[str] = (),
        ignore: Iterable[str] = (),
        *,
        about: Callable[[Origin], bool] | None = None,
    ) -> tuple[Diagnostic, ...]:
        """Findings of the checks across objects and of installed checks, by position.

        Certificates in Secrets are compared with the time `at`. It has a time zone; without `at`, no times are
        compared, so the same input has the same findings every day. `select` and `ignore` are beginnings of codes, or
        names of codes. A more specific one takes precedence; without `select`, all codes are selected. `about` limits
        the findings to some places, which takes less time.
        """
        from meshcompile.analyze import analyzed
        from meshcompile.analyze.context import Context
        from meshcompile.findings.selection import CodeSelection
        from meshcompile.models.tolerant import tolerated
        from meshcompile.plugins import findings_of_plugins
        from meshcompile.snapshot.discovery import discovered
        from meshcompile.unreachable.findings import unreachable_findings

        selection = CodeSelection(texts("select", select), texts("ignore", ignore))
        own, objects = self.config_cluster, discovered(self._resources, self.settings.mesh)
        malformed = tuple(filter(None, (tolerated(document, self.namespace) for document in own.malformed)))
        context = Context(objects, self.snapshot, own.diagnostics, own.rejected, malformed, at)
        across = analyzed(context, about)
        others = (*unreachable_findings(self.snapshot, (*self.diagnostics, *across)), *findings_of_plugins(self))
        kept = (each for each in others if (about is None or about(each.origin)) and not context.suppresses(each))
        found = {*across, *kept}
        return tuple(sorted(filter(selection.includes, found), key=attrgetter("sort_key")))

    def status(self) -> tuple[ObjectStatus, ...]:
        """The status that istiod would write on each object of the Gateway API, by kind, namespace and name.

        Objects of other controllers have none. Each condition has the place that it is about.
        """
        from meshcompile.snapshot.discovery import discovered
        from meshcompile.status.statuses import statuses

        return statuses(discovered(self._resources, self.settings.mesh), self.snapshot)

    def ztunnel(self) -> ZtunnelConfig:
        """What istiod would send every ztunnel of an ambient mesh. It is empty for other meshes."""
        from meshcompile.snapshot.discovery import discovered
        from meshcompile.ztunnel.config import ztunnel_config

        return ztunnel_config(discovered(self._resources, self.settings.mesh), self.snapshot)

    def proxies(self) -> tuple[Proxy, ...]:
        """Every proxy that would run, sorted by namespace and name."""
        return tuple(named.proxy for named in self._proxies)

    def origin_of(self, proxy: Proxy) -> Origin | None:
        """The place of the object that a proxy comes from: its Pod, or the workload or Gateway that creates the Pod.

        None if the proxy is not one of this mesh.
        """
        return self._origins.get((proxy.cluster, proxy.id))

    def proxy(self, name: str) -> Proxy:
        """The proxy with this name, in the forms that istioctl accepts: `POD.NAMESPACE`, `deployment/NAME.NAMESPACE`.

        Raises UnknownProxy, with similar names.
        """
        from meshcompile.proxies import proxy_named

        instance("name", name, str)
        return proxy_named(name, self._proxies_by_name, self.namespace)

    @property
    def named_proxies(self) -> tuple[NamedProxy, ...]:
        """The proxies with all their names, sorted by namespace and name."""
        return self._proxies

    @property
    def proxy_names(self) -> tuple[str, ...]:
        """Every name that `proxy` accepts, sorted."""
        return tuple(sorted(self._proxies_by_name))

    def assuming(self, proxy: AssumedProxy | str) -> Mesh:
        """This mesh with an additional proxy, which no object in the input describes. Its name is
        `assumed-TYPE.NAMESPACE`.

        Services that select its labels have it as an endpoint. Raises InvalidArgument for an invalid text.
        """
        from meshcompile.assumed_proxy import assumed_proxy, assumed_proxy_pod

        resources = self.config_cluster.resources
        pod = assumed_proxy_pod(assumed_proxy(proxy), resources)
        return replace(self, config_cluster=self.config_cluster.with_object(pod))

    @gc_paused()
    def updated(
        self,
        changed: Input | Iterable[Input] = (),
        removed: Input | Iterable[Input] = (),
        *,
        cluster: str | None = None,
    ) -> Mesh:
        """The mesh after an edit. It equals what `load` returns for the edited input. This mesh does not change.

        `changed` are changed or new files and folders, objects, and unsaved texts of files as `NamedText`. Only they
        are read again. An object replaces the object with the same name, and a text without a file is read for its
        objects. `removed` are removed files, folders and objects. All other files are assumed to be unchanged. New
        files and objects belong to the config cluster, or to the remote cluster that `cluster` names.

        Raises UnreadableInput like `load`, and InvalidArgument if the cluster does not exist.
        """
        from meshcompile.updates import Loaded, updated  # few programs update a mesh

        before = Loaded(self.config_cluster, self.remote_clusters, self.settings, self.loading)
        now = updated(before, changed, removed, cluster)
        mesh = replace(
            self,
            config_cluster=now.config_cluster,
            remote_clusters=now.remote_clusters,
            settings=now.settings,
            loading=now.loading,
        )
        mesh.__dict__.update(_answers=self._answers.following(), _kept=self._kept.following())
        return mesh

    def assumable(self) -> tuple[AssumedProxy, ...]:
        """The gateways that Gateway objects in the input select, as arguments for `assuming`."""
        from meshcompile.assumed_proxy import assumable_gateways

        return assumable_gateways(self.config_cluster.resources, self.settings.mesh.root_namespace)

    @gc_paused()
    def compile(self, proxy: Proxy | AssumedProxy | str) -> Config:
        """The configuration that istiod would send to a proxy. The proxy is given directly or by name.

        An AssumedProxy, or its text form such as `sidecar:shop,app=web`, is compiled as if its Pod were part of the
        input. Raises UnknownProxy if no proxy has that name. All other problems are diagnostics of the config.
        """
        from meshcompile.assumed_proxy import AssumedProxy, is_assumed
        from meshcompile.compile import compiled
        from meshcompile.config import Config
        from meshcompile.dead_ends import dead_ends
        from meshcompile.proxy import Proxy

        if isinstance(proxy, AssumedProxy) or (isinstance(proxy, str) and is_assumed(proxy)):
            return self._compiled_assuming(proxy)
        asking = self.proxy(proxy) if isinstance(proxy, str) else instance("proxy", proxy, str, Proxy)
        done = compiled(self.snapshot, asking)
        diagnostics = sorted({*done.diagnostics, *dead_ends(done.resources, self.snapshot, asking)})
        return Config(asking, done.resources, tuple(diagnostics), self._credentials, done.patches)

    def explain(self, request: Request, *, config_dumps: Iterable[ConfigDump] = ()) -> Trace:
        """What becomes of a request on its way through the mesh, and which lines of the input decide.

        The proxies of `config_dumps` have the configuration that they run; the others are compiled. Raises UnknownProxy
        if no workload has the name of the sender, or if a dump is of a proxy that the mesh does not have.
        """
        from meshcompile.explain.explanation import explanation
        from meshcompile.explain.request import Request
        from meshcompile.explain.world import World

        instance("request", request, Request)
        dumps = tuple(config_dumps)
        return explanation(World(self, dumps) if dumps else self._world, request)

    def describe(self, name: str) -> Description:
        """What an object or a proxy is in the mesh: what selects it, what holds for it, and what has no effect.

        `name` is `KIND/NAME.NAMESPACE` or the name of a proxy. The first description of an object compiles all
        proxies. Raises UnknownObject, with similar names.
        """
        from meshcompile.describe.described import description

        instance("name", name, str)
        return description(self._described, name)

    @cached_property
    def _described(self) -> DescribedWorld:
        from meshcompile.describe.world import DescribedWorld

        return DescribedWorld(self)

    @cached_property
    def _world(self) -> World:
        from meshcompile.explain.world import World

        return World(self)

    def unreachable(self, proxies: Iterable[str] | None = None) -> tuple[UnreachableRoute, ...]:
        """What no request reaches at all proxies, or at those with these names, by position.

        These are routes, filter chains, rules of authorization policies, and subsets that no route uses. A rule is
        listed if none of its routes is reached, and if that is proved. Compiles the proxies.
        """
        from meshcompile.unreachable.parts import unreachable_parts

        return unreachable_parts(self.compile_all(proxies))

    def prove(self, statements: Input | Iterable[Input]) -> Proofs:
        """Statements that must hold of all requests: each is proved, refuted with a witness, or unknown.

        `statements` are files, texts or plain data, as in `load`: `schemas/prove.json` describes them. Raises
        UnreadableInput for what cannot be read.
        """
        from meshcompile.prove.judge import proofs
        from meshcompile.prove.reading import statement_documents

        return proofs(self._world, statement_documents(statements))

    def reach(self, to: str, *, sender: str = "", path: str = "") -> Reach:
        """Who can call a service, and under which conditions.

        `to` is `NAME.NAMESPACE` or a host, with `:PORT` for one port. `sender` is `outside`, `mesh`, `ns/NAMESPACE`, a
        workload or a principal; by default all. `path` has `*` at its start or end for any text; by default all.
        Raises InvalidArgument for an unknown service, and UnknownProxy for an unknown workload.
        """
        from meshcompile.prove.reach import reach

        return reach(self._world, to, sender, path)

    def compile_all(
        self,
        proxies: Iterable[Proxy | AssumedProxy | str] | None = None,
        *,
        jobs: int = 1,
        executor: Executor | None = None,
    ) -> Iterator[Config]:
        """The configuration of each proxy, in order. By default, of every proxy of the mesh.

        Configurations are created one at a time and not kept. The mesh keeps the pieces that several of them share.
        With `jobs`, that many processes compile; they share the snapshot on platforms that fork. With an `executor`,
        its workers receive the mesh and compile; `jobs` is their number. If a worker is lost, its part is compiled
        again.

        Configurations from other processes equal those from this one, and print the same bytes. They have JSON,
        fingerprints, diagnostics and patches. Their messages are compiled in this process on demand.

        Raises UnknownProxy for an unknown name, and InvalidArgument for an argument of a wrong type, before anything is
        compiled.
        """
        from meshcompile.fleet.run import all_compiled

        return all_compiled(self, proxies, self._credentials, jobs, executor)

    def _compiled_assuming(self, proxy: AssumedProxy | str) -> Config:
        """The configuration of an assumed proxy. Its diagnostics include the assumptions."""
        from meshcompile.assumed_proxy import assumed_proxy

        assumption = assumed_proxy(proxy)
        mesh = self.assuming(assumption)
        config = mesh.compile(f"{assumption.pod_name}.{assumption.namespace}")
        known = set(self.diagnostics)
        new = (finding for finding in mesh.diagnostics if finding not in known)
        return replace(config, diagnostics=tuple(sorted((*config.diagnostics, *new))))

    def used_by(self, config: Config) -> tuple[Use, ...]:
        """The use of every object of the input in a configuration that this mesh compiled, by position."""
        from meshcompile.config import Config
        from meshcompile.resolve.resolved import resolve
        from meshcompile.uses import uses

        instance("config", config, Config)
        clusters = (self.config_cluster, *self.remote_clusters.values())
        objects = (resource for cluster in clusters for resource in cluster.resources)
        diagnostics = (*self.diagnostics, *config.diagnostics)
        skipped = resolve(self.snapshot, config.proxy).skipped
        return uses(objects, config.proxy, skipped, config.source_map(), diagnostics)

    @cached_property
    @gc_paused()
    def snapshot(self) -> Snapshot:
        """The mesh with indexes. Created on first use."""
        from meshcompile.snapshot.snapshot import Snapshot, SnapshotInputs

        mesh, networks = self.settings.mesh, self.settings.networks
        inputs = SnapshotInputs(self._resources, mesh, networks, self.behaviour, self.jwks, self.ambient)
        return Snapshot(inputs, self._answers)

    @cached_property
    def _answers(self) -> Answers:
        from meshcompile.queries import Answers  # for a fast start

        return Answers()

    @cached_property
    def _kept(self) -> Kept:
        return Kept()

    @cached_property
    def _findings(self) -> tuple[Diagnostic, ...]:
        """The findings of the snapshot. If no snapshot exists yet, they are found without creating all of it."""
        if "snapshot" in self.__dict__ or self.ambient or not GATEWAY_API_MODELS.isdisjoint(self._resources.by_kind):
            return self.snapshot.findings
        if not any(kind in self._resources.by_kind for kind in ("VirtualService", "Ingress")):
            return ()
        from meshcompile.snapshot.findings import findings

        return findings(self._resources, self.settings)

    @cached_property
    def _patches_of_other_releases(self) -> tuple[Diagnostic, ...]:
        if "EnvoyFilter" not in self._resources.by_kind:
            return ()
        from meshcompile.snapshot.envoy_filters import patches_of_other_releases

        return tuple(patches_of_other_releases(self._resources, self.behaviour.release))

    @cached_property
    def _resources(self) -> ConfigStore:
        """The objects of all clusters, grouped by kind."""
        remote = {name: ConfigStore(self._by_kind(name)) for name in self.remote_clusters}
        return ConfigStore(self._by_kind(CONFIG_CLUSTER), remote)

    def _by_kind(self, cluster: str) -> Mapping[str, tuple[Resource, ...]]:
        """The objects of a cluster by kind, oldest first."""
        groups = grouped_by_kind(self._clusters[cluster].resources)
        return {
            kind: self._kept.of((cluster, kind), group, partial(sorted_by_age, group)) for kind, group in groups.items()
        }

    @cached_property
    def _credentials(self) -> Mapping[str, Credential]:
        from meshcompile.output.credentials import credentials

        return credentials(self.config_cluster.resources)

    @cached_property
    def _clusters(self) -> Mapping[str, Assumed]:
        """The objects of each cluster, including assumed ones. The config cluster is first."""
        remote = {name: self._assumed(cluster.resources, name) for name, cluster in self.remote_clusters.items()}
        return {CONFIG_CLUSTER: self._assumed(self.config_cluster.resources)} | remote

    def _assumed(self, resources: tuple[Resource, ...], cluster: str = "") -> Assumed:
        """The objects of one cluster, including assumed ones."""
        deployed = Assumed(resources) if cluster else self._deployed(resources)
        found = self._with_pods(deployed.resources, cluster)
        return Assumed(found.resources, (*deployed.diagnostics, *found.diagnostics))

    def _deployed(self, resources: tuple[Resource, ...]) -> Assumed:
        """The objects of the config cluster, including what istiod deploys for Gateways of the Gateway API."""
        if not any(type(resource).__name__ == "KubernetesGateway" for resource in resources):
            return Assumed(resources)
        from meshcompile.snapshot.gateway_api.deployments import (
            assumed_deployments,
            deployed_gateways,
            deployment_inputs,
        )

        given = deployment_inputs(resources)
        made = self._kept.of("deployed", (self.ambient, *given), partial(deployed_gateways, given, self.ambient))
        return assumed_deployments(made, resources)

    def _with_pods(self, resources: tuple[Resource, ...], cluster: str) -> Assumed:
        """The objects of one cluster, including the Pods and endpoints that are assumed of its workloads."""
        if not any(has_pods(resource.api_version, resource.kind) for resource in resources):
            return Assumed(resources)
        from meshcompile.snapshot.assume import assumption, assumption_inputs, completed
        from meshcompile.snapshot.assumed_pods import nobody

        given, configs = assumption_inputs(resources), self._settings_of_sidecars
        accepts_tunnels = nobody if configs is None else configs.accept_tunnels
        found = partial(assumption, given, cluster, accepts_tunnels)
        return completed(resources, self._kept.of(("assumed", cluster), (*given, configs), found))

    @cached_property
    def _settings_of_sidecars(self) -> ProxyConfigIndex | None:
        """What decides in an ambient mesh which sidecars accept tunnels; None for other meshes."""
        if not self.ambient:
            return None
        from meshcompile.snapshot.proxy_configs import proxy_config_index

        mesh, written = self.settings.mesh, self.config_cluster.resources
        objects = tuple(each for each in written if each.kind == "ProxyConfig")
        made = partial(proxy_config_index, ConfigStore.of(objects), mesh)
        return self._kept.of("settings of sidecars", (mesh, *objects), made)

    @cached_property
    def _origins(self) -> Mapping[tuple[str, str], Origin]:
        """The places of the Pods of proxies, by cluster and id of the proxy."""
        return {(each.cluster, each.pod_id): each.pod.origin for each in self._proxies}

    @cached_property
    def _proxies_by_name(self) -> Mapping[str, NamedProxy]:
        from meshcompile.proxies import by_name

        return self._kept.of("proxy names", self._proxies, partial(by_name, self._proxies))

    @cached_property
    def _proxies(self) -> tuple[NamedProxy, ...]:
        from meshcompile.models.kubernetes.pod import Pod
        from meshcompile.models.networking.proxy_config import ProxyConfig
        from meshcompile.proxies import proxies
        from meshcompile.snapshot.proxy_configs import proxy_config_index

        resources, mesh = self._resources, self.settings.mesh
        stores = {CONFIG_CLUSTER: resources, **resources.clusters}
        pods = {name: store.all(Pod) for name, store in stores.items()}

        def found() -> tuple[NamedProxy, ...]:
            configs = proxy_config_index(resources, mesh)
            each = (proxies(pods[name], self.behaviour.release, name, configs) for name in pods)
            return tuple(chain.from_iterable(each))

        inputs = (mesh, self.behaviour, *resources.all(ProxyConfig), *pods, *chain.from_iterable(pods.values()))
        return self._kept.of("proxies", inputs, found)
