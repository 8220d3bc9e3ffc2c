"""Bugs planted in the evaluator, each of which the real Envoy must reveal: `python -m tests.envoy.planted_bugs`.

Each bug replaces one text of a module. The comparison with Envoy runs on a copy of the package.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

EACH = 120  # requests for each mesh: many meshes show more than many requests
ROOT = Path(__file__).parents[2]
MODULES = Path("src/meshcompile/simulate")


@dataclass(frozen=True, slots=True)
class Bug:
    """A wrong belief about Envoy. `kind` is the scenario that should show it first."""

    about: str
    module: str
    before: str
    after: str
    kind: str = "outbound"


BUGS: tuple[Bug, ...] = (
    Bug(
        "a missing header meets an inverted match",
        "header_match",
        "            return False  # even if the match is inverted",
        "            return invert",
    ),
    Bug(
        "lines of a header are compared one by one",
        "header_match",
        '        return accepts(value or "") != invert',
        '        return any(map(accepts, headers.get(name) or ("",))) != invert',
    ),
    Bug(
        "a wildcard stands for nothing as well",
        "virtual_host",
        "if length < len(host)",
        "if length <= len(host)",
    ),
    Bug(
        "the port counts in virtual hosts",
        "virtual_host",
        "if self.ignores_port else authority",
        "if False else authority",
    ),
    Bug("the host is compared with its case", "virtual_host", "else authority).lower()", "else authority)"),
    Bug(
        "the last of several parameters counts",
        "query_match",
        "return next((value for key, _, value in pairs if key == name), None)",
        "return next((value for key, _, value in reversed(list(pairs)) if key == name), None)",
    ),
    Bug(
        "paths are matched with their query",
        "streams",
        'return self.path.partition("?")[0].partition("#")[0]',
        "return self.path",
    ),
    Bug("dot segments stay", "path", '        if segment == "..":', '        if segment == "...":'),
    Bug(
        "all escapes are decoded",
        "path",
        "return character if character in UNRESERVED else found[0]",
        "return character",
    ),
    Bug("slashes are always merged", "path", "    if manager.merge_slashes:", "    if manager.normalize_path:"),
    Bug(
        "a regular expression matches the beginning of the path",
        "string_match",
        'full_matcher("" if matcher is None else matcher.regex)',
        'full_matcher(("" if matcher is None else matcher.regex) + ".*")',
    ),
    Bug(
        "redirects keep the port of the request",
        "rewrite",
        "    return authority[:at] if removed else authority",
        "    return authority",
    ),
    Bug(
        "a prefix rewrite replaces the whole path",
        "rewrite",
        "            return len(prefix)",
        "            return len(bare)",
    ),
    Bug(
        "header operations of the route table come first",
        "course",
        "        return tuple(levels)\n",
        "        return tuple(reversed(levels))\n",
    ),
    Bug(
        "additions come before removals",
        "header_mutation",
        "kept = headers.without(level.remove) if level.remove else headers",
        "kept = headers",
    ),
    Bug(
        "weights do not matter",
        "weighted",
        "Share(Fraction(weight, total), value)",
        "Share(Fraction(1, len(choices)), value)",
    ),
    Bug("requests are not copied to mirrors", "route_policies", "own or host.request_mirror_policies", "()"),
    Bug(
        "CORS applies to redirects",
        "cors",
        "    if action is None or host is None:\n        return None\n",
        "    if host is None:\n        return None\n"
        "    found = filter_.per_route\n"
        "    if action is None:\n        return found if isinstance(found, CorsPolicy) else None\n",
    ),
    Bug(
        "a policy that denies needs no match",
        "rbac",
        'rules.action != "DENY", name',
        'rules.action == "DENY", name',
        "inbound",
    ),
    Bug(
        "RBAC joins the lines of a header",
        "header_match",
        "any(map(accepts, lines)) != invert",
        'accepts(",".join(lines)) != invert',
        "inbound",
    ),
    Bug(
        "the first address of x-forwarded-for is the client",
        "request_headers",
        "addresses[-1 - from_last]",
        "addresses[from_last]",
        "inbound",
    ),
    Bug(
        "a missing token is refused",
        "jwt_authn",
        "return None if failure == MISSED else failure",
        "return failure",
        "inbound",
    ),
    Bug(
        "tokens are forwarded",
        "jwt_authn",
        "stream if provider.forward else without_token(token.place, stream)",
        "stream",
        "inbound",
    ),
    Bug(
        "audiences are not checked",
        "jwt_authn",
        "if wanted and not wanted & set",
        "if not wanted and wanted & set",
        "inbound",
    ),
    Bug("any certificate is good", "downstream_tls", "    if not certificate.trusted:", "    if False:", "inbound"),
    Bug(
        "application protocols do not matter",
        "filter_chain_match",
        "if each in match.application_protocols)",
        "if True)",
        "inbound",
    ),
    Bug(
        "the transport protocol does not matter",
        "filter_chain_match",
        "(match.transport_protocol,) if match.transport_protocol else ()",
        "()",
        "inbound",
    ),
    Bug(
        "server names have no wildcards",
        "filter_chain_match",
        'if each[:2] == "*." and _under',
        'if each[:2] == "?" and _under',
        "gateway",
    ),
    Bug(
        "HTTP/1.0 is accepted",
        "http_connection_manager",
        "connection.spoken is Spoken.HTTP10 and not http1.accept_http_10",
        "False",
        "gateway",
    ),
    Bug(
        "virtualOutbound handles all connections",
        "listener",
        "return index if other is None else other",
        "return index",
    ),
    Bug("any text is HTTP", "listener_filters", "request is not None and not is_http1_line(request)", "False"),
)


def is_caught(bug: Bug, requests: int) -> bool:
    """Whether the comparison finds a difference in a package with the bug."""
    with tempfile.TemporaryDirectory(prefix="bug-") as name:
        copy = Path(name)
        shutil.copytree(ROOT / "src", copy / "src")
        module = copy / MODULES / f"{bug.module}.py"
        text = module.read_text()
        if bug.before not in text:
            raise LookupError(f"{bug.module} has no text {bug.before!r}")
        module.write_text(text.replace(bug.before, bug.after))
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.envoy.simulated",
                "--first",
                "--requests",
                str(requests),
                "--each",
                str(EACH),
                "--kinds",
                bug.kind,
            ],
            env={**os.environ, "PYTHONPATH": f"{copy / 'src'}:{ROOT}"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    # A crash of the evaluator is no difference.
    return done.returncode == 1 and "differences" in done.stdout and " 0 differences" not in done.stdout


def main(bugs: Sequence[Bug] = BUGS) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("-k", default="", help="only bugs whose description has this text")
    arguments = parser.parse_args()
    missed = 0
    for bug in (bug for bug in bugs if arguments.k in bug.about):
        begin = time.monotonic()
        caught = is_caught(bug, arguments.requests)
        missed += not caught
        print("caught" if caught else "MISSED", f"{time.monotonic() - begin:5.1f}s", bug.about, flush=True)
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
