"""``python -m ganlift`` is the command ``ganlift``."""

from ganlift.cli.main import main

if __name__ == "__main__":
    main()
