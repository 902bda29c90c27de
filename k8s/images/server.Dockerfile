# The match server: no numpy, no model. Built at the root: docker build -f k8s/images/server.Dockerfile .
ARG PYTHON=3.11.15-slim-bookworm

FROM python:${PYTHON} AS builder
ARG PIP_INDEX_URL
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY k8s/images/server.lock /tmp/
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --require-hashes --no-deps --only-binary :all: -r /tmp/server.lock
WORKDIR /app
COPY LICENSE ./
COPY game game
COPY telemetry telemetry
COPY server server
COPY web web
# Readable for any user, whatever the umask of the checkout; compiled here, because nothing can be written there.
RUN chmod -R a+rX . && python -m compileall -q --invalidation-mode unchecked-hash .

FROM python:${PYTHON}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="RPS Quest, the match server" \
    org.opencontainers.image.description="Live rock-paper-scissors: sockets, seats and a durable round log" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="${VERSION}"
ENV PATH=/opt/venv/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    OTEL_RESOURCE_ATTRIBUTES=service.version=${VERSION} \
    RPS_DATA_DIR=/data RPS_HOST=0.0.0.0 RPS_PORT=8000
RUN install -d -o 10001 -g 10001 /data
COPY --from=builder /opt/venv /opt/venv
COPY --from=builder /app /app
WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['RPS_PORT']), timeout=4); c.request('GET', '/livez'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "server"]
