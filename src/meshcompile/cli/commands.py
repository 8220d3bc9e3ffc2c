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
    Command("compile", "print what istiod would send to a proxy, or to all of them", "compile"),
    Command("proxy-config", "print tables of what a proxy gets, as istioctl does", "proxy_config", ("pc",)),
    Command("resolve", "print what is decided for a proxy, in the words of Istio", "resolve"),
    Command("bootstrap", "print a static Envoy configuration that needs no control plane", "bootstrap"),
    Command("patch-lab", "print what each EnvoyFilter patch changes in a proxy's configuration", "patch_lab"),
    Command("validate", "check each object of the input and print what is wrong with it", "validate"),
    Command("analyze", "check each object and how they fit together", "analyze"),
    Command("proxies", "list the proxies that the input has", "proxies"),
    Command("schema", "print the JSON Schema of a kind", "schema"),
    Command("completion", "print a completion script for a shell", "completion"),
    Command("version", "print the versions of meshcompile and of the Istio that it follows", "version"),
)

OVERVIEW = """\
usage: meshcompile COMMAND ...

Compile Istio configuration into Envoy configuration, offline.

commands:
{commands}

`meshcompile COMMAND --help` says more about a command.
exit status: 0 ok, 1 findings, 2 wrong usage, 3 unreadable input, 4 internal error
"""


def overview() -> str:
    """The help of the program."""
    names = [", ".join((command.name, *command.aliases)) for command in COMMANDS]
    width = max(map(len, names)) + 2
    lines = [f"  {name:<{width}}{command.help}" for name, command in zip(names, COMMANDS, strict=True)]
    return OVERVIEW.format(commands="\n".join(lines))
