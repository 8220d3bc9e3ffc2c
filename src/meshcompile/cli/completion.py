"""Print a completion script for bash, zsh or fish.

bash:  source <(meshcompile completion bash)
zsh:   source <(meshcompile completion zsh)
fish:  meshcompile completion fish | source

The script asks meshcompile what may come next, so it offers the proxies, namespaces and EnvoyFilters of the input that
is named on the line, and files only where files belong.
"""

from __future__ import annotations

import argparse
import sys

from meshcompile.cli import exit_codes


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=tuple(SCRIPTS), help="the shell to print the script for")


def run(options: argparse.Namespace) -> int:
    sys.stdout.write(SCRIPTS[options.shell])
    return exit_codes.OK


# bash splits words at `:` and `=` and replaces only the last part. So this script splits the line at spaces, and strips
# the part that bash keeps from each candidate.
BASH = """\
_meshcompile() {
  local IFS=$' \\t\\n' typed=${COMP_LINE:0:COMP_POINT} words current kept="" place word
  read -a words <<< "$typed"
  [[ $typed == *[[:space:]] ]] && words+=("")
  current=${words[${#words[@]}-1]}
  [[ $current == *[:=]* ]] && kept=${current%"${current##*[:=]}"}
  COMPREPLY=()
  {
    read -r place
    while IFS=$'\\t' read -r word _; do COMPREPLY+=("${word#"$kept"}"); done
  } < <("$1" __complete "${words[@]:1}" 2>/dev/null)
  IFS=$'\\n'
  case $place in
    files) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- "${current#"$kept"}")) ;;
    dirs) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -d -- "${current#"$kept"}")) ;;
  esac
}
complete -F _meshcompile meshcompile
"""

ZSH = """\
#compdef meshcompile
_meshcompile() {
  local line place
  local -a lines candidates shown
  lines=("${(@f)$("${words[1]}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  place=${lines[1]}
  for line in "${(@)lines[2,-1]}"; do
    candidates+=("${line%%$'\\t'*}")
    shown+=("${line%%$'\\t'*}  ${line#*$'\\t'}")
  done
  (( ${#candidates} )) && compadd -l -d shown -a candidates
  [[ $place == (files|dirs) ]] && compset -P '--*='
  case $place in
    files) _files ;;
    dirs) _files -/ ;;
  esac
}
(( $+functions[compdef] )) || { autoload -U compinit && compinit }
compdef _meshcompile meshcompile
"""

FISH = """\
function __meshcompile_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines ($words[1] __complete $words[2..-1] 2>/dev/null)
    set -l place $lines[1]
    set -e lines[1]
    test (count $lines) -gt 0; and printf '%s\\n' $lines
    switch "$place"
        case files
            __fish_complete_path (commandline -ct)
        case dirs
            __fish_complete_directories (commandline -ct)
    end
end
complete -c meshcompile -f -a '(__meshcompile_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
