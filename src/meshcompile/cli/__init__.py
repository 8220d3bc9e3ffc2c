"""The command line: one module per command, each with `arguments(parser)` and `run(options)`.

Only argparse is imported until a command runs, so that `--help` answers at once.
"""
