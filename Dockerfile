# The worker and its command line. Built from the same lock as everything else.
FROM python:3.13-slim-bookworm AS build
WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /opt/icustomer \
    && /opt/icustomer/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
# Without build isolation: an isolated build would fetch a build tool that no lock pins.
RUN /opt/icustomer/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim-bookworm
COPY --from=build /opt/icustomer /opt/icustomer
RUN useradd --system --uid 10001 --no-create-home icustomer
ENV PATH="/opt/icustomer/bin:$PATH" PYTHONUNBUFFERED=1
USER 10001
WORKDIR /var/empty
ENTRYPOINT ["icustomer"]
CMD ["run"]
