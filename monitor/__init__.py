"""A monitor of news feeds that tells Slack what is new between Japan and Russia.

Importing it never reads configuration, opens a file or starts anything.
"""


def __getattr__(name: str) -> str:
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import version  # a tenth of what `monitor status` takes, and nearly nobody asks

    return version("monitor")
