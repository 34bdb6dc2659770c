"""What to do about a destination that takes no alerts, by what it said. Nothing is decided or changed here."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.entities import Destination

SLACK: Mapping[str, str] = {
    "not_in_channel": "type /invite @monitor in the channel",
    "channel_not_found": "copy the channel's id again, and invite the app there",
    "is_archived": "unarchive the channel, or route its topics elsewhere",
    "restricted_action": "allow the app to post, in the channel's settings",
    "invalid_auth": "copy the bot token again",
    "not_authed": "set the bot token: MONITOR_SLACK__TOKEN_FILE",
    "token_revoked": "install the app again, and put the new token into its file",
    "account_inactive": "install the app again, and put the new token into its file",
    "missing_scope": "compare the app's scopes with docs/slack-manifest.yaml, then reinstall it",
}
"""Slack's codes, as ``docs/slack.md`` explains them."""
OTHERS: Mapping[str, str] = {
    "standard output:": "nobody reads the console: run the daemon with its output into a file or a terminal",
    "journal ": "make the database's folder writable for the monitor",
    "no sink of this name": "mend the destination in config/: monitor check names it",
    "HTTP 403": "make a new webhook, and put its address into url_file",
    "HTTP 404": "make a new webhook, and put its address into url_file",
    "HTTP 410": "unarchive the channel, or make a webhook for another one",
}
ITSELF = "nothing: it is tried again by itself; check network and proxy if it lasts"
UNREACHABLE = ("unreachable: ", "cannot look: ")


def remedy(destination: Destination, broken: str) -> str:
    """The next step; nothing for a destination that works."""
    if not broken:
        return ""
    for said, fix in (*SLACK.items(), *OTHERS.items()):
        if said in broken:
            return fix
    if broken.startswith(UNREACHABLE):
        return ITSELF
    return f"monitor alerts test {destination}"
