"""``python -m synvec`` is the command ``synvec``."""

from synvec.cli import main

if __name__ == "__main__":
    main()
