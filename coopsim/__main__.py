"""`python -m coopsim` is the command line."""

import os
import sys

# Python looks for modules in the working directory first, where anybody's files may lie
try:
    here = os.getcwd()
except OSError:  # it was removed, and holds no modules; the command line says so
    here = ""
if here and sys.path[:1] == [here] and not __file__.startswith(os.path.join(here, "")):
    del sys.path[0]

from coopsim.cli import main

if __name__ == "__main__":
    main()
