"""`python -m meshcompile` is `meshcompile`."""

import sys

from meshcompile.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
