"""The objects of the config cluster as written, including those that Istio would reject.

istioctl's analyzers read all objects of a file, whether or not Istio accepts them. They leave out the namespaces that
belong to Kubernetes itself.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TypeVar

from msgspec import Struct

from meshcompile.analyze.pods import Pods
from meshcompile.inject.decision import NEVER_INJECTED
from meshcompile.models.base import Resource
from meshcompile.models.kubernetes.namespace import Namespace
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.kubernetes.service import Service
from meshcompile.snapshot.resources import ConfigStore, by_namespace

R = TypeVar("R", bound=Resource)


class Written(Struct, frozen=True, eq=False, dict=True):
    """Objects as written, oldest first, with indexes."""

    resources: ConfigStore

    @classmethod
    def of(cls, resources: Iterable[Resource]) -> "Written":
        """The objects outside of Kubernetes' own namespaces."""
        return cls(ConfigStore.of(each for each in resources if _namespace(each) not in NEVER_INJECTED))

    def all(self, kind: type[R]) -> tuple[R, ...]:
        """Every object of a kind."""
        return self.resources.all(kind)

    @cached_property
    def pods(self) -> Pods:
        """The Pods, including those that workloads of the input would create."""
        return Pods(self.all(Pod), self.all(Service))

    @cached_property
    def given_pods(self) -> Pods:
        """The Pods that are in the input themselves."""
        return Pods(tuple(pod for pod in self.all(Pod) if pod.origin.document.kind == "Pod"), ())

    @cached_property
    def namespaces(self) -> Mapping[str, Namespace]:
        """The Namespaces that are defined, by name."""
        return {namespace.name: namespace for namespace in self.all(Namespace)}

    @cached_property
    def services(self) -> Mapping[str, tuple[Service, ...]]:
        """The Services by namespace."""
        return by_namespace(self.all(Service))


def _namespace(resource: Resource) -> str:
    """The namespace of an object; a Namespace belongs to itself."""
    return resource.name if isinstance(resource, Namespace) else resource.namespace
