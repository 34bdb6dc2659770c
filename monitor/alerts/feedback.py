"""Hears the buttons that readers press in Slack, by Socket Mode: no public address, a connection that is ours to open.

It decides nothing and keeps nothing: a press is handed on. It never gives up, and never stops anything but itself.

The SDK's own client is not used for the connection: it tries again every 5 s for ever, does not say that a token was
refused, cannot read ``Retry-After: 1.5``, and leaves the old connection before there is a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from typing import Any

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout, ClientWebSocketResponse, WSMsgType
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from monitor.alerts import buttons, secret, waits
from monitor.alerts.slack import QUIET
from monitor.errors import MonitorError
from monitor.settings import Settings

log = structlog.get_logger("monitor.feedback")

ACK_AFTER = 1.0
"""Seconds within which a press is usually kept before Slack hears that it arrived, so that a kill loses none; a
database that is busy for longer must not make Slack wait, as after 3 s it tells the reader that the app failed."""
AGAIN = (2.0, 10.0, 60.0)
"""Seconds between tries to keep a press that the database refused."""
CAP = 60.0
"""Seconds between two tries to connect at most: a new token should be seen soon."""
LIVED = 10.0
"""Seconds after which a connection counts as a good one; a shorter one is a failure, and the next has to wait."""
LINGER = 30.0
"""Seconds for which a connection that Slack replaces is still listened to: what comes there comes nowhere else."""
HEARTBEAT = 15.0
"""Seconds between two pings; no answer within half of that, and the connection is dead."""
FAREWELL = 5.0
"""Seconds that presses at work have at the end: well within the daemon's own."""
MOST = 400
"""Tasks of presses at work at once, two a press: more are no reader's, and are dropped."""

_PASSING = frozenset(("fatal_error", "internal_error", "request_timeout", "service_unavailable"))
"""What Slack says where the fault is its own."""
_REASONS = {
    "link_disabled": "Socket Mode is switched off in the app's settings",
    "too_many_websockets": "the app has too many connections already: does another monitor use its token?",
}
"""Why Slack ends a connection, where somebody has to do something about it."""


class Trouble(Exception):
    """Why there is no connection, in a sentence, and for how many seconds Slack wants to be left alone."""

    def __init__(self, sentence: str, wait: float = 0.0) -> None:
        super().__init__(sentence)
        self.sentence, self.wait = sentence, wait


class Listener:
    """One connection to Slack for as long as it runs. What is pressed goes to ``heard``, how it is to ``health``.

    ``heard`` answers with what only the reader who pressed is told; ``health`` is told what is wrong, nothing if well.
    """

    def __init__(
        self,
        *,
        token: Callable[[], str],
        bot: Callable[[], str],
        heard: Callable[[buttons.Press], Awaitable[str]],
        health: Callable[[str], Awaitable[None]],
        rng: random.Random,
        base_url: str = "https://slack.com/api/",
        timeout: dt.timedelta = dt.timedelta(seconds=15),
    ) -> None:
        self._token, self._bot = token, bot
        self._heard, self._health = heard, health
        self._rng = rng
        self._base_url = base_url
        self._timeout = timeout.total_seconds()
        self._readers: set[asyncio.Task[None]] = set()
        self._presses: set[asyncio.Task[None]] = set()
        self._said: str | None = None

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        heard: Callable[[buttons.Press], Awaitable[str]],
        health: Callable[[str], Awaitable[None]],
        rng: random.Random,
    ) -> Listener:
        """The app of ``[slack]``. A token that stands in a file is read again for every connection."""
        table = settings.slack
        return cls(
            token=secret.reader(table.app_token, table.app_token_file),
            bot=secret.reader(table.token, table.token_file),
            heard=heard,
            health=health,
            rng=rng,
            base_url=table.base_url,
            timeout=table.timeout,
        )

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncGenerator[None]:
        """While the block runs, and a little longer for the presses that are at work at its end."""
        running = asyncio.create_task(self.run())
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def run(self) -> None:
        """Until it is cancelled; presses that are at work then have a little time to be kept."""
        failures, loop = 0, asyncio.get_running_loop()
        limits = ClientTimeout(total=None, sock_connect=self._timeout)
        async with ClientSession(timeout=limits, trust_env=True) as session:
            try:
                while True:
                    wait, begun = 0.0, loop.time()
                    try:
                        reason = await self._listen(session)
                    except Trouble as trouble:
                        reason, wait = trouble.sentence, trouble.wait
                    except Exception as error:  # a fault of ours must not leave the buttons dead for ever
                        log.exception("listening raised")
                        reason = f"a fault of the monitor's own: {type(error).__name__}"
                    failures = 0 if loop.time() - begun >= LIVED else failures + 1
                    if reason:
                        await self._tell(reason)
                    pause = self._rng.uniform(0, min(CAP, 2.0**failures)) if failures else 0.0
                    await asyncio.sleep(max(wait, pause))
            finally:
                await self._end()

    # ------------------------------------------------------------------------------------------- connections

    async def _listen(self, session: ClientSession) -> str:
        """One connection, until another one is needed; says what an operator has to do about that, if anything."""
        try:
            async with asyncio.timeout(self._timeout):
                # https, as the name of the scheme decides which proxy of the environment is meant
                socket = await session.ws_connect(await self._address(session), heartbeat=HEARTBEAT)
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            raise Trouble(f"cannot reach Slack: {type(error).__name__}") from None
        over: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        _begin(self._readers, self._read(socket, over))
        return await over

    async def _address(self, session: ClientSession) -> str:
        """Where to connect to, good for one connection."""
        if not (token := self._token()):
            raise Trouble("no app token; set MONITOR_SLACK__APP_TOKEN_FILE (docs/slack.md)")
        try:
            answer = await self._client(session, token).apps_connections_open(app_token=token)
        except SlackApiError as error:
            raise _trouble(error) from None
        found = str(answer.get("url") or "")
        scheme, _, rest = found.partition("://")
        if scheme == "wss" or (scheme == "ws" and self._base_url.startswith("http://")):
            return f"{scheme.replace('ws', 'http')}://{rest}"
        raise Trouble("Slack named no address to connect to")

    async def _read(self, socket: ClientWebSocketResponse, over: asyncio.Future[str]) -> None:
        """Everything that comes, until the connection ends. One that is to be replaced is read on for a while."""
        try:
            async with asyncio.timeout(None) as patience, contextlib.aclosing(_messages(socket)) as messages:
                async for message in messages:
                    if message.get("type") == "hello":
                        await self._tell("")
                    elif message.get("type") == "disconnect":
                        if not over.done():
                            over.set_result(_REASONS.get(str(message.get("reason")), ""))
                        patience.reschedule(asyncio.get_running_loop().time() + LINGER)
                    elif (request := SocketModeRequest.from_dict(message)) is not None:
                        _begin(self._presses, self._take(socket, request))
        except (ClientError, OSError, TimeoutError) as error:
            log.info("connection to Slack lost", error=type(error).__name__)
        finally:
            if not over.done():
                over.set_result("")
            await socket.close()

    # ------------------------------------------------------------------------------------------------ presses

    async def _take(self, socket: ClientWebSocketResponse, request: SocketModeRequest) -> None:
        """One envelope: its press is kept, and Slack hears that it arrived; in any case soon enough."""
        press = buttons.press(request.payload) if request.type == "interactive" else None
        if press is not None and len(self._presses) > MOST:
            log.warning("button dropped: too many at once", by=press.user)
        elif press is not None:
            await asyncio.wait((_begin(self._presses, self._keep(press)),), timeout=ACK_AFTER)
        try:
            await socket.send_json(SocketModeResponse(envelope_id=request.envelope_id).to_dict())
        except (ClientError, OSError) as error:  # Slack sends it again, and it is known by then
            log.info("press kept, Slack not told", error=type(error).__name__)

    async def _keep(self, press: buttons.Press) -> None:
        """Hand a press on until it is kept; a database that is busy is asked again."""
        text = "This could not be kept. Please press again later."
        for pause in (*AGAIN, None):
            try:
                text = await self._heard(press)
                break
            except MonitorError as error:
                log.warning("button not kept yet", button=press.button.value, story=press.story, error=str(error))
            except Exception:
                log.exception("button raised", button=press.button.value, story=press.story)
                break
            if pause is not None:
                await asyncio.sleep(pause)
        if text:
            await self._answer(press, text)

    async def _answer(self, press: buttons.Press, text: str) -> None:
        """A line that only the reader sees who pressed; tried once, as nothing hangs on it."""
        shown = {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}}
        try:
            async with asyncio.timeout(self._timeout), ClientSession(trust_env=True) as session:
                await self._client(session, self._bot()).chat_postEphemeral(
                    channel=press.channel,
                    user=press.user,
                    thread_ts=press.thread or None,
                    text="Nothing was changed.",
                    blocks=[shown],
                )
        except (SlackApiError, ClientError, OSError, TimeoutError, ValueError) as error:
            log.info("answer to a button not shown", error=type(error).__name__)

    # ------------------------------------------------------------------------------------------------ details

    async def _tell(self, trouble: str) -> None:
        """Say how the connection is, once for each change."""
        if trouble == self._said:
            return
        self._said = trouble
        if trouble:
            log.warning("no buttons from Slack", trouble=trouble)
        else:
            log.info("listening to Slack's buttons")
        try:
            await self._health(trouble)
        except MonitorError as error:
            log.error("health of the buttons not kept", error=str(error))
            self._said = None

    def _client(self, session: ClientSession, token: str) -> AsyncWebClient:
        client = AsyncWebClient(token=token, base_url=self._base_url, session=session, retry_handlers=[], logger=QUIET)
        client.proxy = None  # the session takes it from the environment, with its exceptions (NO_PROXY)
        return client

    async def _end(self) -> None:
        if self._presses:
            await asyncio.wait(self._presses, timeout=FAREWELL)
        left = {*self._readers, *self._presses}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def _begin(kind: set[asyncio.Task[None]], job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """A task that is held on to until it ends."""
    task = asyncio.create_task(job)
    kind.add(task)
    task.add_done_callback(kind.discard)
    return task


async def _messages(socket: ClientWebSocketResponse) -> AsyncGenerator[dict[str, Any]]:
    """The JSON objects that come; whatever else does is passed over."""
    async for frame in socket:
        if frame.type is not WSMsgType.TEXT:
            continue
        with contextlib.suppress(ValueError):
            message = json.loads(frame.data)
            if isinstance(message, dict):
                yield message


def _trouble(error: SlackApiError) -> Trouble:
    """Why Slack opens no connection. No token stands in it."""
    response = error.response
    data = getattr(response, "data", None)  # the SDK's own response, or aiohttp's where the body was no JSON
    status = getattr(response, "status_code", None) or getattr(response, "status", 0)
    code = str((data if isinstance(data, dict) else {}).get("error") or "")
    if status == 429 or code == "ratelimited":
        return Trouble("too fast for Slack", waits.asked(response.headers).total_seconds())
    if code in _PASSING or not code:
        return Trouble(f"no answer from Slack: {code or f'HTTP {status}'}")
    return Trouble(f"Slack refuses the app token: {code} (docs/slack.md, Buttons)")
