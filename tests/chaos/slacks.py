"""The two Slacks of the chaos, ours and one written apart from it, behind the same few questions."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from tests.doors.fake_slack import TOKEN, FakeSlack

SHARED = Path(__file__).parents[3] / "shared" / "tools" / "fake_slack.py"
SHARES = {"drop": 0.04, "reset": 0.03, "hang": 0.01, "cut": 0.03, "badjson": 0.02, "500": 0.04, "503": 0.01,
          "no_ts": 0.02, "fatal_error": 0.02, "429": 0.02, "late": 0.02}  # fmt: skip
"""How often a call meets which fault: a quarter of them do."""
LATE = 0.25  # seconds after which a post whose answer was dropped is stored: below the time between two looks
HANG = 1.3  # seconds until a connection that hangs is dropped: longer than the client waits
LATE_POSTS = 20  # messages that come late to the other Slack, at most: one in fifty posts
_BEFORE = frozenset(("429", "fatal_error"))
_NAMED = {"429": "ratelimited", "fatal_error": "error"}


class Slack(Protocol):
    """What the storm asks of a Slack."""

    base_url: str
    token: str
    channels: tuple[str, ...]

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def throw(self, seed: int) -> None:
        """From now on faults, at random."""
        ...

    def calm(self) -> None:
        """No faults from now on."""
        ...

    def messages(self) -> list[dict[str, Any]]:
        """All messages that stand, oldest first, each with its channel, ``ts`` and ``thread_ts``."""
        ...

    def posts(self) -> int:
        """How many posts were asked for."""
        ...

    def report(self) -> dict[str, Any] | None:
        """What this Slack says of it all by itself."""
        ...


class Ours(FakeSlack):
    """The fake of our own tests."""

    token = TOKEN
    channels = ("C1", "C2", "C3", "C4")

    def __enter__(self) -> Self:
        super().__enter__()
        self.ask(set={"channels": dict.fromkeys(self.channels, "member")})
        return self

    def throw(self, seed: int) -> None:
        self.ask(chaos={"seed": seed, "p": SHARES, "late": LATE, "hang": HANG, "waits": ["0.2", "1", "1.5"]})

    def calm(self) -> None:
        self.ask(chaos={})

    def posts(self) -> int:
        return len(self.requests())

    def report(self) -> None:
        return None


@dataclass
class Shared:
    """The fake beside the project, which checks its invariants by itself. ``pace``: its limits stay as they come."""

    pace: bool = False
    token: str = "xoxb-fake"
    channels: tuple[str, ...] = ("C0ALERTS01", "C0OPS00001", "C0PRIVATE1", "C0FOURTH01")

    def __enter__(self) -> Self:
        arguments = [sys.executable, str(SHARED), "--watch-stdin", "--outbox-key", "mark"]
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        port, self.control = int(self.process.stdout.readline()), int(self.process.stdout.readline())
        self.base_url = f"http://127.0.0.1:{port}/api/"
        self.ask("/_channel", {"id": self.channels[-1], "name": "fourth", "member": True})
        if not self.pace:
            self.ask("/_limits", {"post_rate": 1000, "post_burst": 1000, "tier3": 60_000})
        return self

    def __exit__(self, *error: object) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    def ask(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.control}{path}", data)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return json.loads(answer.read())

    def throw(self, seed: int) -> None:
        shares: dict[str, float] = {}
        for do, share in SHARES.items():
            if do == "late":  # only a post: the other Slack would count a late edit as one that did not wait
                skips = range(round(1 / share), LATE_POSTS * round(1 / share), round(1 / share))
                self.ask(
                    "/_script",
                    [{"method": "chat.postMessage", "do": do, "skip": skip, "seconds": LATE} for skip in skips],
                )
            elif do in _BEFORE:
                shares[f"before:{_NAMED.get(do, do)}"] = share
            elif do == "no_ts":
                shares["after:no_ts"] = share
            elif do != "hang":
                shares |= {f"before:{do}": share / 2, f"after:{do}": share / 2}
        self.ask("/_chaos", {"seed": seed, "p": shares, "seconds": LATE})

    def calm(self) -> None:
        self.ask("/_script/clear", {})

    def messages(self) -> list[dict[str, Any]]:
        found = [
            {**message, "channel": channel}
            for channel, messages in self.ask("/_messages").items()
            for message in messages
        ]
        return sorted(found, key=lambda message: message["ts"])

    def posts(self) -> int:
        return int(self.ask("/_report")["requests"].get("chat.postMessage", 0))

    def report(self) -> dict[str, Any] | None:
        found: dict[str, Any] = self.ask("/_report")
        wrong = {} if found["ok"] else {"found": found["found"]}
        shown = ("ok", "violations", "requests", "errors", "outbox_ids", "late_commits")
        return {**{key: found[key] for key in shown}, **wrong}
