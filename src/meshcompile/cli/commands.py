"""The commands, and their texts in `meshcompile --help`."""

from __future__ import annotations


class Command:
    """One command. Its module in `meshcompile.cli` is imported only if the command runs."""

    __slots__ = ("aliases", "help", "module", "name")

    def __init__(self, name: str, help: str, module: str, aliases: tuple[str, ...] = ()) -> None:
        self.name = name
        self.help = help
        self.module = module
        self.aliases = aliases


COMMANDS = (
    Command("compile", "print the Envoy configuration that istiod would send to a proxy, or to all proxies", "compile"),
    Command("proxy-config", "print the configuration of a proxy in tables, as istioctl does", "proxy_config", ("pc",)),
    Command("resolve", "print the resolved configuration of a proxy, before it becomes Envoy messages", "resolve"),
    Command("bootstrap", "print a static Envoy configuration that needs no control plane", "bootstrap"),
    Command("import", "turn the config dump of a live Envoy into a static configuration", "import_dump"),
    Command("watch", "keep files for Envoy up to date while the input changes", "follow"),
    Command("serve", "serve xDS to proxies while the input changes, as istiod does", "serve"),
    Command("run", "run a proxy, or all of the mesh, in real Envoys that follow the input", "run"),
    Command("patch-lab", "print what each EnvoyFilter patch changes in a proxy's configuration", "patch_lab"),
    Command("validate", "check each object in the input", "validate"),
    Command("analyze", "check each object, and how objects fit together", "analyze"),
    Command("explain", "follow a request through the mesh, and say what becomes of it and why", "explain"),
    Command("describe", "say what holds for an object or a proxy, and what has no effect", "describe"),
    Command("test", "run tests: requests, and what must become of them", "test"),
    Command("prove", "prove statements about all requests, or find requests that refute them", "prove"),
    Command("reach", "print who can call a service, and under which conditions", "reach"),
    Command("diff", "print what a change does to requests and to the resources of each proxy", "diff"),
    Command("plan", "print what a change does to the fleet, and a safe order of applying it", "plan"),
    Command("upgrade", "print what another release of Istio changes, why, and how to keep what is", "upgrade"),
    Command("drift", "compare a running proxy, by its config dump, with what the files say", "drift"),
    Command("status", "print the status that istiod would write on objects of the Gateway API", "status"),
    Command("ztunnel", "print what istiod sends ztunnel: workloads, services and authorizations", "ztunnel"),
    Command("kube-inject", "add the proxy to the Pods of workloads, as istioctl does", "kube_inject"),
    Command("proxies", "list the proxies in the input", "proxies"),
    Command("fleet", "print a table of all proxies with sizes and fingerprints", "fleet"),
    Command("lsp", "run a language server for editors", "lsp"),
    Command("rule", "explain the code of a finding", "rule"),
    Command("schema", "print the JSON Schema of a kind", "schema"),
    Command("completion", "print a completion script for a shell", "completion"),
    Command("version", "print the versions of meshcompile and of the Istio release that it follows", "version"),
)

OVERVIEW = """\
usage: meshcompile COMMAND ...

Compile Istio configuration into Envoy configuration, offline.

commands:
{commands}

Run `meshcompile COMMAND --help` for the options of a command.
exit status: 0 ok, 1 findings, 2 wrong usage, 3 unreadable input, 4 internal error
"""


def overview() -> str:
    """The help of the program."""
    names = [", ".join((command.name, *command.aliases)) for command in COMMANDS]
    width = max(map(len, names)) + 2
    lines = [f"  {name:<{width}}{command.help}" for name, command in zip(names, COMMANDS, strict=True)]
    return OVERVIEW.format(commands="\n".join(lines))
