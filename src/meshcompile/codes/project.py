"""Codes of suppressions, the configuration file and checks of your own: MC14xx."""

from meshcompile.diagnostics import Code, Severity

UNUSED_SUPPRESSION = Code(
    "MC1401",
    "unused-suppression",
    Severity.WARNING,
    "{what} suppresses nothing",
    "A comment `# meshcompile: ignore[CODE]`, an option `--suppress` or a suppression in the configuration matches no "
    "finding. The problem is solved, or the comment is in the wrong place. Remove the suppression: it would hide "
    "the next finding that matches.\n\n"
    "`analyze` reports unused suppressions. `validate` does not, because it does not run all checks.",
)
CHECK_FAILED = Code(
    "MC1402",
    "check-failed",
    Severity.ERROR,
    "the installed check `{check}` failed: {problem}",
    "A package on this machine adds a check with the entry point group `meshcompile.checks`, and the check raised an "
    "exception or returned something other than diagnostics. The other checks are not affected. Update the package, or "
    "report the problem to its authors.",
)
UNUSABLE_CONFIGURATION = Code(
    "MC1410",
    "unusable-configuration",
    Severity.ERROR,
    "{problem}",
    "`meshcompile.yaml`, or `[tool.meshcompile]` in `pyproject.toml`, cannot be used as written. "
    "`schemas/meshcompile.json` describes its fields. `--no-config` runs a command without it.",
)
