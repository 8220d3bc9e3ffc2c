from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import pytest
import yaml

from tests.cli.conftest import MESH, Run

PROXY = "deployment/catalog.shop"
WRONG_GATEWAY = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, namespace: shop}
spec:
  selectr: {app: web}
"""


def test_help_lists_the_commands(run: Run) -> None:
    """`--help` names every command on stdout."""
    done = run("--help")
    assert (done.status, done.err) == (0, "")
    assert all(name in done.out for name in ("compile", "proxy-config", "bootstrap", "validate", "schema", "proxies"))


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["compile"], ["compile", "-f", "x"], ["pc", "listeners"]])
def test_wrong_usage(run: Run, arguments: list[str]) -> None:
    """Missing or unknown arguments exit with 2, print a message only to stderr, and point to the help."""
    done = run(*arguments)
    assert (done.status, done.out) == (2, "")
    assert "meshcompile" in done.err
    assert "--help`" in done.err


def test_version_is_an_option_too(run: Run) -> None:
    """`--version` prints what the command `version` prints."""
    assert run("--version") == run("version")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "must be an object"),
        ("{", "this is not JSON: Expecting property name enclosed in double quotes (line 1, column 2)"),
        ('{"id": "sidecar~web~a.b~b.svc"}', "valid IP address"),
    ],
)
def test_a_file_that_is_no_node_is_wrong_usage(run: Run, mesh: Path, tmp_path: Path, text: str, problem: str) -> None:
    """A `--node` file without a node is reported with the file and the problem."""
    node = tmp_path / "node.json"
    node.write_text(text)
    done = run("compile", "--node", node, "-f", mesh)
    assert (done.status, done.out) == (2, "")
    assert f"--node {node}: " in done.err
    assert problem in done.err


@pytest.mark.parametrize("wrong", [["--endpoint-map", "a=b"], ["--endpoint-map", "a"], ["--admin-port", "99999"]])
def test_a_bootstrap_that_cannot_be_is_wrong_usage(run: Run, mesh: Path, wrong: list[str]) -> None:
    """Addresses and ports that Envoy cannot use are rejected."""
    done = run("bootstrap", PROXY, "-f", mesh, *wrong)
    assert (done.status, done.out) == (2, "")
    assert wrong[-1].rpartition("=")[2] in done.err


def test_infos_that_fail_are_shown(run: Run, mesh: Path) -> None:
    """With `--fail-on info`, the informational findings that cause status 1 are printed."""
    done = run("validate", "-f", mesh, "--fail-on", "info")
    assert done.status == 1
    assert ": info: " in done.out


def test_a_name_without_a_proxy_names_each_candidate_once(run: Run, mesh: Path) -> None:
    """Suggestions are names of different proxies.

    Without suggestions, the message names the command that lists proxies.
    """
    close = run("pc", "routes", PROXY.replace("catalog", "catalg"), "-f", mesh)
    assert close.err.endswith("did you mean deployment/catalog.shop?\n")
    assert "`meshcompile proxies` lists" in run("pc", "routes", "zzz", "-f", mesh).err


def test_proxies(run: Run, mesh: Path) -> None:
    """The proxies of Deployments are listed in a table or as data."""
    table = run("proxies", "-f", mesh)
    assert table.status == 0
    assert table.out.splitlines()[0].split() == ["NAME", "TYPE", "ADDRESS", "CLUSTER", "FROM"]
    (proxy,) = json.loads(run("proxies", "-f", mesh, "-o", "json").out)
    assert proxy["type"] == "sidecar"
    assert proxy["name"] in table.out


def test_compile_prints_every_type(run: Run, mesh: Path) -> None:
    """JSON and YAML output have the same resources, by type."""
    done = run("compile", "--proxy", PROXY, "-f", mesh)
    assert done.status == 0
    assert list(json.loads(done.out)) == ["listeners", "routes", "clusters", "endpoints", "extensions"]
    assert yaml.safe_load(run("compile", "--proxy", PROXY, "-f", mesh, "-o", "yaml").out) == json.loads(done.out)


def test_compile_some_types(run: Run, mesh: Path) -> None:
    """`--type` limits the output to some types. An unknown type is wrong usage."""
    assert list(json.loads(run("compile", "--proxy", PROXY, "-f", mesh, "--type", "routes,clusters").out)) == [
        "routes",
        "clusters",
    ]
    assert run("compile", "--proxy", PROXY, "-f", mesh, "--type", "secrets").status == 2


def test_compile_all_proxies(run: Run, mesh: Path) -> None:
    """With `--all-proxies`, the output is grouped by the name of the proxy."""
    (proxy,) = json.loads(run("proxies", "-f", mesh, "-o", "json").out)
    assert list(json.loads(run("compile", "--all-proxies", "-f", mesh).out)) == [proxy["name"]]


def test_compile_into_a_folder(run: Run, mesh: Path, tmp_path: Path) -> None:
    """`--output-dir` writes a file per proxy and type, and a manifest, but no other files."""
    done = run("compile", "--all-proxies", "-f", mesh, "--output-dir", tmp_path / "out")
    assert (done.status, done.out) == (0, "")
    manifest, folder = sorted((tmp_path / "out").iterdir())
    assert manifest.name == ".meshcompile.json"
    assert sorted(path.name for path in folder.iterdir()) == [
        "clusters.json",
        "endpoints.json",
        "extensions.json",
        "listeners.json",
        "routes.json",
    ]


def test_compile_sources(run: Run, mesh: Path) -> None:
    """`--sources` prints the name of each part and its positions in the input, by JSON pointer."""
    done = run("compile", "--proxy", PROXY, "-f", mesh, "--sources")
    assert done.status == 0
    places = json.loads(done.out)
    assert all(pointer.startswith("/") and str(mesh) in part["from"][0] for pointer, part in places.items())
    assert "outbound|80||catalog.shop.svc.cluster.local" in [part["name"] for part in places.values()]


def test_compile_a_node(run: Run, mesh: Path, tmp_path: Path) -> None:
    """A proxy can be given by its bootstrap node. A file without a node is wrong usage."""
    node = tmp_path / "node.json"
    node.write_text(json.dumps({"id": "sidecar~10.0.0.9~web-0.shop~shop.svc.cluster.local", "metadata": {}}))
    assert run("compile", "--node", node, "-f", mesh).status == 0
    node.write_text("{}")
    refused = run("compile", "--node", node, "-f", mesh)
    assert (refused.status, refused.out) == (2, "")


@pytest.mark.parametrize(
    ("table", "head"),
    [
        ("listeners", "ADDRESSES PORT"),
        ("routes", "NAME VHOST NAME DOMAINS"),
        ("clusters", "SERVICE FQDN PORT SUBSET"),
        ("endpoints", "ENDPOINT STATUS OUTLIER CHECK CLUSTER"),
    ],
)
def test_proxy_config(run: Run, mesh: Path, table: str, head: str) -> None:
    """Each table has istioctl's columns. `short` and `table` are the same. JSON is a list."""
    short = run("proxy-config", table, PROXY, "-f", mesh)
    assert short.status == 0
    assert " ".join(short.out.split()).startswith(head)
    assert run("pc", table, PROXY, "-f", mesh, "-o", "table").out == short.out
    assert isinstance(json.loads(run("pc", table, PROXY, "-f", mesh, "-o", "json").out), list)


def test_unknown_proxy(run: Run, mesh: Path) -> None:
    """The message suggests similar names, and the exit status means wrong usage."""
    done = run("pc", "routes", "deployment/catalogue.shop", "-f", mesh)
    assert (done.status, done.out) == (2, "")
    assert "deployment/catalog.shop" in done.err


def test_validate(run: Run, mesh: Path, tmp_path: Path) -> None:
    """Valid input exits with 0. An unknown field is printed with its position, and exits with 1."""
    assert run("validate", "-f", mesh).status == 0
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(WRONG_GATEWAY)
    done = run("validate", "-f", wrong)
    assert done.status == 1
    assert f"{wrong}:5:3: error: unknown field `spec.selectr`" in done.out
    (finding,) = json.loads(run("validate", "-f", wrong, "-o", "json").out)
    assert (finding["line"], finding["severity"], finding["rejected"]) == (5, "error", True)


def test_findings_do_not_spoil_the_output(run: Run, tmp_path: Path) -> None:
    """Valid objects are compiled and printed even if another object is rejected. The exit status is 1."""
    path = tmp_path / "mesh.yaml"
    path.write_text(f"{MESH}---\n{WRONG_GATEWAY}")
    done = run("compile", "--proxy", PROXY, "-f", path)
    assert done.status == 1
    assert json.loads(done.out)
    assert "spec.selectr" in done.err


@pytest.mark.parametrize("content", ["a: [1", "\tkey: value", "a: 1\na: 2\n"])
def test_unreadable_input(run: Run, tmp_path: Path, content: str) -> None:
    """Input that is not a YAML object exits with 3, and the message has the file and the line."""
    path = tmp_path / "bad.yaml"
    path.write_text(content)
    done = run("validate", "-f", path)
    assert (done.status, done.out) == (3, "")
    assert f"{path}:" in done.err


def test_missing_file(run: Run, tmp_path: Path) -> None:
    """A file that does not exist exits with 3."""
    assert run("validate", "-f", tmp_path / "nothing").status == 3


def test_unwritable_output(run: Run, mesh: Path, tmp_path: Path) -> None:
    """An output folder that cannot be created exits with 3, and no files are left behind."""
    (tmp_path / "file").write_text("")
    done = run("compile", "--proxy", PROXY, "-f", mesh, "--output-dir", tmp_path / "file")
    assert (done.status, done.out) == (3, "")


def test_schema(run: Run) -> None:
    """Without a name, kinds are listed.

    A name is matched in any case. An unknown name is wrong usage with a suggestion.
    """
    assert "networking.istio.io/VirtualService" in run("schema").out
    assert json.loads(run("schema", "virtualservice").out)["title"] == "VirtualService"
    assert json.loads(run("schema", "core/Service").out)["title"] == "Service"
    wrong = run("schema", "VirtualServise")
    assert wrong.status == 2
    assert "VirtualService" in wrong.err


def test_version(run: Run) -> None:
    """The versions of meshcompile and of Istio are printed."""
    assert json.loads(run("version", "-o", "json").out)["istio"] == "1.30.3"


def meshcompile(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "meshcompile", *map(str, arguments)]
    return subprocess.run(
        command, input=stdin, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": "src"}
    )


def test_standard_input(mesh: Path) -> None:
    """`-f -` reads stdin."""
    done = meshcompile("proxies", "-f", "-", "-o", "json", stdin=mesh.read_bytes())
    assert (done.returncode, len(json.loads(done.stdout))) == (0, 1)


def test_no_colour_unless_on_a_terminal(tmp_path: Path) -> None:
    """Piped output has no escape sequences."""
    path = tmp_path / "bad.yaml"
    path.write_text(WRONG_GATEWAY)
    done = meshcompile("validate", "-f", path)
    assert done.returncode == 1
    assert b"\x1b" not in done.stdout + done.stderr


def test_reader_that_leaves() -> None:
    """A reader that closes the pipe early does not cause an error."""
    code = f"{sys.executable} -m meshcompile schema VirtualService | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", code], capture_output=True, check=False, env={**os.environ, "PYTHONPATH": "src"}
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_help_is_quick() -> None:
    """`--help` takes less than three times the processor time of an empty Python program."""

    def seconds(*arguments: str) -> float:
        started = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True, env={**os.environ, "PYTHONPATH": "src"}
        )
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return ended.ru_utime + ended.ru_stime - started.ru_utime - started.ru_stime

    pairs = [(seconds("-m", "meshcompile", "--help"), seconds("-c", "pass")) for _ in range(9)]
    assert median(helped for helped, _ in pairs) < 3 * median(nothing for _, nothing in pairs)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ("[" * 5_000_000 + "]" * 5_000_000, 3),
        ("a: &a [x]\n" + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{f'*{chr(97 + i)},' * 9}]\n" for i in range(12)), 3),
        ("- just\n- a list\n", 1),
        ("apiVersion: v2\nkind: Nonsense\nmetadata: {name: a}\n", 0),
        ("apiVersion: networking.istio.io/v1\nkind: Gatewai\nmetadata: {name: a}\n", 1),
        (WRONG_GATEWAY.replace("  selectr: {app: web}", "  servers: text"), 1),
        (WRONG_GATEWAY.replace("name: web, ", ""), 1),
        (f"{MESH}---\n{MESH}", 0),
    ],
    ids=["nested lists", "aliases", "a list", "unknown kind", "wrong kind", "wrong type", "no name", "duplicates"],
)
def test_bad_input(run: Run, tmp_path: Path, content: str, status: int) -> None:
    """Bad input of any kind causes a message with a position, and the exit status for its severity."""
    path = tmp_path / "bad.yaml"
    path.write_text(content)
    started = time.process_time()
    done = run("validate", "-v", "-f", path)
    assert time.process_time() - started < 10
    assert done.status == status
    assert f"{path}:" in done.out + done.err
    assert "Traceback" not in done.err


def test_a_slip_in_the_mesh_config_has_a_place(run: Run, mesh: Path, tmp_path: Path) -> None:
    """`--mesh-config` with an unknown field reports the file, the line, the column and a suggestion."""
    config = tmp_path / "mc.yaml"
    config.write_text("accessLogFil: /dev/stdout\n")
    done = run("validate", "-f", mesh, "--mesh-config", config)
    assert done.status == 1
    assert f"{config}:1:1: error: unknown field `accessLogFil`, did you mean `accessLogFile`?" in done.out


GATEWAY_ONLY = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}]
"""


@pytest.mark.parametrize(
    "command",
    [
        ("compile", "-p"),
        ("pc", "listeners"),
        ("bootstrap",),
        ("patch-lab", "-p"),
    ],
)
def test_a_proxy_can_be_assumed(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    """Every command with a proxy argument accepts an assumed proxy, and prints the assumptions with -v."""
    path = tmp_path / "gateway.yaml"
    path.write_text(GATEWAY_ONLY)
    done = run(*command, "router:istio-system,istio=ingressgateway", "-f", path, "-v")
    assert done.status == 0
    assert "assumed that Pod `assumed-router` is running" in done.err
    assert "80" in done.out or "assumed-router.istio-system" in done.out


@pytest.mark.parametrize("command", [("proxies",), ("compile", "--all-proxies"), ("pc", "routes", "web.shop")])
def test_without_workloads_a_proxy_to_assume_is_named(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    """If the input has no proxies, the message suggests the proxy that the Gateway selects, ready to copy."""
    path = tmp_path / "gateway.yaml"
    path.write_text(GATEWAY_ONLY)
    assert "or assume one: router:istio-system,istio=ingressgateway\n" in run(*command, "-f", path).err
