"""`python -m coopsim` is the command line."""

from coopsim.cli import main

if __name__ == "__main__":
    main()
