"""``python -m crmstudy`` is the command line."""

import sys

from crmstudy.cli import main

if __name__ == "__main__":
    sys.exit(main())
