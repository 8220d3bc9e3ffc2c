"""Write schemas/*.json from the models. With --check, only report files that are out of date."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from meshcompile.compare.data import diff_schema
from meshcompile.compare.drift_report import drift_schema
from meshcompile.describe.schema import describe_schema
from meshcompile.explain.schema import trace_schema
from meshcompile.findings.formats.schema import findings_schema
from meshcompile.fleet.schema import fleet_schema
from meshcompile.models.schema import every_schema, project_schema, statements_schema
from meshcompile.prove.reach_schema import reach_schema
from meshcompile.prove.schema import facts_schema
from meshcompile.rollout.data import plan_schema
from meshcompile.status.schema import status_schema
from meshcompile.testing.schema import results_schema, suite_schema
from meshcompile.upgrades.data import upgrade_schema
from meshcompile.ztunnel.schema import ztunnel_schema

FOLDER = Path(__file__).parent.parent / "schemas"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail if a schema is not up to date")
    stale = stale_files(texts())
    if parser.parse_args().check:
        for path in stale:
            print(f"{path} is not up to date: run codegen/generate_schemas.py", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        write(path, texts().get(path.name))
    return 0


def texts() -> Mapping[str, str]:
    """The content of each file, by file name."""
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in schemas().items()}


def schemas() -> Mapping[str, object]:
    """File name -> schema: of what is read, and of what is printed."""
    printed = {
        "diff.json": diff_schema(),
        "drift.json": drift_schema(),
        "facts.json": facts_schema(),
        "findings.json": findings_schema(),
        "fleet.json": fleet_schema(),
        "plan.json": plan_schema(),
        "reach.json": reach_schema(),
        "upgrade.json": upgrade_schema(),
        "status.json": status_schema(),
        "test-results.json": results_schema(),
        "describe.json": describe_schema(),
        "trace.json": trace_schema(),
        "ztunnel.json": ztunnel_schema(),
    }
    read = {
        "meshcompile.json": project_schema(),
        "meshtest.json": suite_schema(),
        "prove.json": statements_schema(),
    }
    return {**every_schema(), **printed, **read}


def stale_files(wanted: Mapping[str, str]) -> list[Path]:
    """The files that are missing, differ, or belong to no kind."""
    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    names = sorted(found.keys() | wanted.keys())
    return [FOLDER / name for name in names if found.get(name) != wanted.get(name)]


def write(path: Path, text: str | None) -> None:
    """Write the file, or remove it if there is no text."""
    if text is None:
        path.unlink()
        return
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
