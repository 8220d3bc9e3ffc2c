"""Print a completion script for bash, zsh or fish.

bash:  source <(meshcompile completion bash)
zsh:   source <(meshcompile completion zsh)
fish:  meshcompile completion fish | source
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from meshcompile.cli import exit_codes


@dataclass(frozen=True, slots=True)
class Level:
    """What may be typed after the commands in `path`; `values` are those that options take."""

    path: tuple[str, ...]
    commands: dict[str, str]  # name -> help
    options: dict[tuple[str, ...], str]  # spellings -> help
    values: dict[tuple[str, ...], tuple[str, ...]]  # spellings -> choices
    choices: tuple[str, ...]  # of a positional argument


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=tuple(SCRIPTS))


def run(options: argparse.Namespace) -> int:
    from meshcompile.cli.parser import parser

    sys.stdout.write(SCRIPTS[options.shell](tuple(levels(parser()))))
    return exit_codes.OK


def levels(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[Level]:
    """The level of this parser, then those of its commands; aliases have levels of their own."""
    actions = parser._actions
    options = [action for action in actions if action.option_strings]
    positional = [action for action in actions if not action.option_strings]
    groups = [action for action in positional if isinstance(action, argparse._SubParsersAction)]
    yield Level(
        path,
        commands={choice.dest: choice.help or "" for group in groups for choice in group._choices_actions},
        options={tuple(action.option_strings): action.help or "" for action in options},
        values={tuple(action.option_strings): tuple(action.choices) for action in options if action.choices},
        choices=tuple(choice for action in positional if action not in groups for choice in action.choices or ()),
    )
    for group in groups:
        for name, command in group.choices.items():
            yield from levels(command, (*path, name))


def _bash(levels: tuple[Level, ...]) -> str:
    values = [(level.path, *item) for level in levels for item in level.values.items()]
    return BASH.format(
        paths="|".join(f'"{_typed(level.path)}"' for level in levels if level.path),
        values="\n".join(
            f"    {_after(path, spellings)}) words={_quoted(words)} ;;" for path, spellings, words in values
        ),
        words="\n".join(f'    "{_typed(level.path)}") words={_quoted(_words(level))} ;;' for level in levels),
    )


def _typed(path: tuple[str, ...]) -> str:
    """The commands so far, with a space before each."""
    return "".join(f" {name}" for name in path)


def _after(path: tuple[str, ...], spellings: tuple[str, ...]) -> str:
    """A pattern for the commands so far and any spelling of an option after them."""
    return "|".join(f'"{_typed(path)} {spelling}"' for spelling in spellings)


def _quoted(words: tuple[str, ...]) -> str:
    return f'"{" ".join(words)}"'


def _words(level: Level) -> tuple[str, ...]:
    return (*level.commands, *level.choices, *(spelling for spellings in level.options for spelling in spellings))


def _zsh(levels: tuple[Level, ...]) -> str:
    """zsh runs completions of bash."""
    return f"autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n{_bash(levels)}"


def _fish(levels: tuple[Level, ...]) -> str:
    return "".join(f"{' '.join(line)}\n" for level in levels for line in _fish_lines(level))


def _fish_lines(level: Level) -> Iterator[list[str]]:
    seen = "; and ".join(f"__fish_seen_subcommand_from {name}" for name in level.path) or "__fish_use_subcommand"
    head = ["complete", "-c", "meshcompile", "-n", shlex.quote(seen)]
    yield from ([*head, "-f", "-a", name, "-d", shlex.quote(text)] for name, text in level.commands.items())
    yield from ([*head, "-f", "-a", choice] for choice in level.choices)
    for spellings, text in level.options.items():
        values = level.values.get(spellings)
        yield [
            *head,
            *(part for spelling in spellings for part in _fish_option(spelling)),
            *(("-x", "-a", shlex.quote(" ".join(values))) if values else ()),
            *("-d", shlex.quote(text.partition(" (default")[0])),
        ]


def _fish_option(spelling: str) -> tuple[str, str]:
    return ("-l", spelling[2:]) if spelling.startswith("--") else ("-s", spelling[1:])


# The commands before the cursor select what may come next; what is no option may also be a file.
BASH = """\
_meshcompile() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} path="" words="" word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$path $word" in
      {paths}) path="$path $word" ;;
    esac
  done
  case "$path" in
{words}
  esac
  case "$path $prev" in
{values}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [[ $cur == -* ]] || COMPREPLY+=($(compgen -f -- "$cur"))
}}
complete -o filenames -F _meshcompile meshcompile
"""

SCRIPTS = {"bash": _bash, "zsh": _zsh, "fish": _fish}
