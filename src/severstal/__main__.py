"""`python -m severstal`: the command line."""

from severstal.cli import main

if __name__ == "__main__":
    main()
