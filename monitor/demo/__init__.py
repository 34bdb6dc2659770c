"""The demonstration: a scripted week on a loopback server, polled by the real daemon on a fast clock.

Every report in it is invented (``week.toml``). Nothing outside this machine is asked, and nothing is kept: the
database is a temporary file.
"""
