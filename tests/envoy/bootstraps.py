"""The static bootstraps of the conformance cases in the real Envoy, for `make conformance-bootstraps`.

    python -m tests.envoy.bootstraps --only gateways/ --live 50

Stand-ins take the place of missing secrets and files, as with `meshcompile bootstrap --check`. A bootstrap that Envoy
refuses must be in the list of those that it also refuses when they are made of istiod's own answers, or one of a
deviation whose input asks for it. The exit status is 1 if another one is refused, if one of the list is accepted, or if
one of the sample does not become live.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from meshcompile.output.bootstrap import Options
from meshcompile.running.stand_ins import StandIns, stand_ins
from meshcompile.running.validation import problem_of
from tests.envoy.answers import bootstrap, compiled, proxies
from tests.envoy.binary import envoy_path
from tests.envoy.runner import EnvoyError, on_free_ports, running

LIST = Path(__file__).with_name("refused_bootstraps.json")
OF_DEVIATIONS = frozenset({"fuzz-gwapi/gwapi-seed-57/istiod/haven", "fuzz-gwapi/gwapi-seed-57/istiod/mesa"})
"""Proxies of docs/deviations.md: an HTTPRoute, which the recorded istiod did not see, removes a header ""."""


def listed() -> dict[str, str]:
    """The proxies whose bootstraps Envoy refuses even if they are made of istiod's answers, with the reasons."""
    answers: dict[str, str] = json.loads(LIST.read_text())
    return answers


def made(proxy: str, material: StandIns) -> dict[str, Any]:
    """The bootstrap of compiled output, with stand-ins."""
    return material.instead_of_files(compiled(proxy, material.credential))


def refusal(proxy: str, material: StandIns) -> str:
    """Envoy's answer to the bootstrap of compiled output; "" if it accepts it."""
    return problem_of(envoy_path(), made(proxy, material))


def refusal_of_answer(proxy: str, material: StandIns) -> str:
    """Envoy's answer to the bootstrap of istiod's own answers; "" if it accepts it."""
    content = bootstrap(proxy, Options(stand_in=material.credential))
    return problem_of(envoy_path(), material.instead_of_files(content))


def refusals(wanted: Sequence[str], material: StandIns) -> dict[str, str]:
    """Envoy's answers to the bootstraps that it refuses, printed as they are found."""
    found: dict[str, str] = {}
    for number, proxy in enumerate(wanted, 1):
        if error := refusal(proxy, material):
            found[proxy] = error
            print(f"{number} of {len(wanted)}: {proxy}: {error[:160]}", flush=True)
    return found


def not_live(wanted: Iterable[str], material: StandIns) -> dict[str, str]:
    """The proxies whose Envoy does not become live, with the end of its log."""
    found: dict[str, str] = {}
    for proxy in wanted:
        try:
            with running(on_free_ports(made(proxy, material)), timeout=60):
                pass
        except EnvoyError as error:
            found[proxy] = str(error)[-400:]
    return found


def spread(items: Sequence[str], number: int) -> Sequence[str]:
    """Some of the items, evenly spread."""
    return items[:: max(1, len(items) // number)][:number] if number else ()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="proxies whose path contains this text")
    parser.add_argument("--live", type=int, default=50, help="how many must become live (default: %(default)s)")
    parser.add_argument("--list", action="store_true", help="write the list of refused bootstraps again")
    options = parser.parse_args()
    material = stand_ins()
    wanted = [proxy for proxy in proxies("*") if options.only in proxy]
    refused = refusals([proxy for proxy in wanted if proxy not in OF_DEVIATIONS], material)
    known = {proxy: error for proxy in refused if (error := refusal_of_answer(proxy, material))}
    expected = {proxy for proxy in listed() if options.only in proxy}
    if options.list:
        others = {proxy: error for proxy, error in listed().items() if proxy not in expected}
        texts = {proxy: error[:160] for proxy, error in known.items()}
        LIST.write_text(json.dumps(dict(sorted({**others, **texts}.items())), indent=2) + "\n")
    ours, accepted = refused.keys() - known.keys(), expected - refused.keys()
    live = spread([proxy for proxy in wanted if proxy not in refused | dict.fromkeys(OF_DEVIATIONS)], options.live)
    dead = not_live(live, material)
    for title, names in (("refused", ours), ("not listed", known.keys() - expected), ("accepted by now", accepted)):
        for proxy in sorted(names):
            print(f"{title}: {proxy}: {refused.get(proxy, '')[:300]}")
    for proxy, log in dead.items():
        print(f"not live: {proxy}: {log}")
    deviating = len(OF_DEVIATIONS.intersection(wanted))
    accepted_now = len(wanted) - deviating - len(refused)
    print(
        f"accepted by Envoy: {accepted_now} of {len(wanted)} bootstraps; {len(known)} are refused if they are made of"
    )
    print(f"istiod's answers, too, and {deviating} deviate from them; live: {len(live) - len(dead)} of {len(live)}")
    return 1 if ours or accepted or dead or known.keys() - expected else 0


if __name__ == "__main__":
    sys.exit(main())
