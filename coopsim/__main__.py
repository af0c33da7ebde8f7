"""`python -m coopsim` is the command line."""

import os
import sys

# Python looks for modules in the working directory first, where anybody's files may lie
if sys.path[:1] == [os.getcwd()] and not __file__.startswith(os.path.join(os.getcwd(), "")):
    del sys.path[0]

from coopsim.cli import main

if __name__ == "__main__":
    main()
