"""``python -m monitor``: the same commands as ``monitor``."""

from monitor.cli import main

if __name__ == "__main__":
    main()
