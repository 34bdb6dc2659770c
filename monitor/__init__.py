"""A monitor of news feeds that tells Slack what is new between Japan and Russia.

Importing it never reads configuration, opens a file or starts anything.
"""

from importlib.metadata import version

__version__ = version("monitor")
