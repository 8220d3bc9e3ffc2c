"""Follow a request through the mesh, and say what becomes of it, why, and which line to change."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshcompile.cli import exit_codes
from meshcompile.cli.console import UsageError, wants_colour
from meshcompile.cli.dumps import read_dump
from meshcompile.cli.inputs import load_mesh, mesh_arguments, pairs

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Request, Trace


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="[METHOD] URL", help="method (default: GET) and URL")
    parser.add_argument("--from", dest="sender", metavar="WORKLOAD", help="workload, or `outside` (default)")
    parser.add_argument("--to", metavar="PROXY", help="gateway that gets a request from outside")
    parser.add_argument("--port", type=int, metavar="N", help="port that is called (default: that of the URL)")
    parser.add_argument("--ip", metavar="ADDRESS", help="address that is called (default: that of the host)")
    parser.add_argument("--sni", metavar="NAME", help="server name of the sender's TLS (default: the host)")
    tls = parser.add_mutually_exclusive_group()
    tls.add_argument("--tls", action="store_true", default=None, help="the sender speaks TLS (default for https)")
    tls.add_argument("--plain", action="store_false", dest="tls", help="the sender speaks plain text")
    parser.add_argument(
        "-H", "--header", action="append", default=[], metavar="'NAME: VALUE'", dest="headers", help="repeatable"
    )
    parser.add_argument("--claims", metavar="FILE|JSON", help="claims of a valid token, as JSON or in a file")
    parser.add_argument("--principal", metavar="SPIFFE", help="SPIFFE identity of a sender without a proxy")
    parser.add_argument("--from-ip", metavar="IP", dest="source", help="address of a sender outside")
    parser.add_argument(
        "--given",
        action="append",
        default=[],
        metavar="HOST:PORT=http|tls",
        dest="externals",
        help="what listens outside; repeatable",
    )
    parser.add_argument("--request", type=Path, metavar="FILE", help="file with the request, as YAML or JSON")
    parser.add_argument(
        "--config-dump", action="append", default=[], metavar="DUMP", dest="config_dumps",
        help="config dump of a proxy, which has this configuration in place of the compiled one; repeatable",
    )  # fmt: skip
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text", help="(default: %(default)s)")
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    request = _request(options)
    dumps = [read_dump(path, options) for path in options.config_dumps]
    trace = load_mesh(options).explain(request, config_dumps=dumps)
    sys.stdout.write(_rendered(trace, options.output))
    return exit_codes.OK


def _request(options: argparse.Namespace) -> Request:
    from meshcompile import Request

    if options.request is not None:
        return Request.from_dict(_of_file(options.request))
    if not 1 <= len(options.words) <= 2:
        raise UsageError("expected a URL, such as http://catalog/items, after an optional method")
    data = {
        "method": options.words[0].upper() if len(options.words) == 2 else "GET",
        "url": _url(options.words[-1]),
        "from": options.sender,
        "from_ip": options.source,
        "headers": _headers(options.headers),
        "claims": _claims(options.claims),
        "given": {"externals": _externals(options.externals)},
        **{name: getattr(options, name) for name in ("to", "port", "ip", "sni", "tls", "principal")},
    }
    return Request.from_dict({name: value for name, value in data.items() if value is not None})


def _url(text: str) -> str:
    return text if "://" in text else f"http://{text}"


def _of_file(path: Path) -> Any:
    from meshcompile.documents.stream import value

    found = value(path.read_text(encoding="utf-8"))
    return found.get("request", found) if isinstance(found, dict) else found


def _headers(given: list[str]) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for text in given:
        name, colon, value = text.partition(":")
        if not colon or not name.strip():
            raise UsageError(f"-H {text}: expected 'name: value'")
        headers.setdefault(name.strip(), []).append(value.strip())
    return headers


def _claims(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise UsageError(f"--claims: this is not JSON: {error.msg}") from None


def _externals(given: list[str]) -> dict[str, dict[int, str]]:
    externals: dict[str, dict[int, str]] = {}
    for place, what in pairs(given, "--given", "HOST:PORT=http|tls").items():
        host, _, port = place.rpartition(":")
        if not host or not port.isdecimal() or what not in ("http", "tls"):
            raise UsageError(f"--given {place}={what}: expected HOST:PORT=http or HOST:PORT=tls")
        externals.setdefault(host, {})[int(port)] = what
    return externals


def _rendered(trace: Trace, form: str) -> str:
    if form == "json":
        from meshcompile.cli.render import rendered

        return rendered(trace.to_dict(), "json")
    from meshcompile.explain.report import report
    from meshcompile.findings.colours import coloured, uncoloured

    return report(trace, coloured if wants_colour(sys.stdout) else uncoloured)
