# The worker and its command line, from the same lock as everything else. Rebuild it now and then:
# the base image's tag takes in security fixes, what comes from the lock stays as it is.
FROM python:3.13-slim-bookworm AS build
WORKDIR /build
COPY requirements.lock ./
# The environment has no pip of its own: nothing is installed once it is made.
RUN python -m venv --without-pip /opt/icustomer \
    && pip --python /opt/icustomer/bin/python install --no-cache-dir --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
# Without build isolation: an isolated build would fetch a build tool that no lock pins.
RUN pip --python /opt/icustomer/bin/python install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="icustomer" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/icustomer /opt/icustomer
# Within a container only the network that it was put in reaches the port.
ENV PATH="/opt/icustomer/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    ICUSTOMER_HTTP_HOST=0.0.0.0 \
    ICUSTOMER_HTTP_PORT=8080
USER 10001:10001
# Nobody's directory: settings are read from a .env of the working directory, and there is none.
WORKDIR /var/empty
EXPOSE 8080
# Live, not ready: an unhealthy container is one that a restart would help.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-I", "-c", "import http.client as h, os, sys; c = h.HTTPConnection('127.0.0.1', int(os.environ['ICUSTOMER_HTTP_PORT']), timeout=4); c.request('GET', '/health/live'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["icustomer"]
CMD ["run"]
