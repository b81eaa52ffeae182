"""`python -m bti` is the `bti` command."""

from bti.cli import main

if __name__ == "__main__":
    main(prog_name="bti")
