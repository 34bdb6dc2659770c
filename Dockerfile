# syntax=docker/dockerfile:1

# One base for both stages, pinned by its full version. A tag can be moved: for a build that repeats to the byte, pass the digest too,
#   docker build --build-arg PYTHON_IMAGE=python:3.13.14-slim-bookworm@sha256:… .
ARG PYTHON_IMAGE=python:3.13.14-slim-bookworm

# ---- builder: wheels with checked hashes, then the project without fetching anything more
FROM ${PYTHON_IMAGE} AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_INPUT=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src

# Dependencies first: they change seldom, so this layer is kept while the code moves.
COPY requirements/run.txt requirements/build.txt requirements/
RUN python -m venv --without-pip /opt/monitor \
 && python -m venv /opt/build \
 && /opt/build/bin/python -m pip install --require-hashes --only-binary :all: --no-deps -r requirements/build.txt \
 && /opt/build/bin/python -m pip --python /opt/monitor/bin/python install \
      --require-hashes --only-binary :all: --no-deps -r requirements/run.txt

COPY . .
RUN /opt/build/bin/python -m hatchling build -t wheel \
 && /opt/build/bin/python -m pip --python /opt/monitor/bin/python install --no-index --no-deps dist/*.whl

# ---- the image: an interpreter, one virtual environment, one user
FROM ${PYTHON_IMAGE} AS monitor
LABEL org.opencontainers.image.title="monitor" \
      org.opencontainers.image.description="Watches news feeds and tells Slack what is new between Japan and Russia" \
      org.opencontainers.image.licenses="Apache-2.0"

RUN groupadd --gid 10001 monitor \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin monitor

COPY --from=builder /opt/monitor /opt/monitor
COPY config /etc/monitor

# Nothing is written outside /tmp and the database, so the root file system may be read-only.
ENV PATH=/opt/monitor/bin:$PATH \
    HOME=/tmp \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /tmp
USER 10001:10001

# Healthy is: the daemon's last heartbeat in the database is fresh.
HEALTHCHECK --interval=60s --timeout=15s --start-period=90s --retries=3 \
    CMD ["monitor", "status", "--config", "/etc/monitor", "--json", "--health"]

# The daemon finishes what it holds and exits 0.
STOPSIGNAL SIGTERM
ENTRYPOINT ["monitor"]
CMD ["run", "--config", "/etc/monitor"]
