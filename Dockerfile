# The mock in a container. Other machines reach it there, so it needs an admin token, by which the control API is used:
#
#   docker build --tag ifind-mock .
#   docker run --rm -p 127.0.0.1:8080:8080 -e IFIND_MOCK_ADMIN_TOKEN=choose-one ifind-mock
#   curl 'http://127.0.0.1:8080/api/info?login=demo@example.com&token=demo-token'
#   curl -H 'Authorization: Bearer choose-one' http://127.0.0.1:8080/_mock/accounts
#
# Every setting is a variable IFIND_MOCK_*, as in `ifind-mock serve --help`. Nothing is written but state that a setting names:
# `--read-only` works, with `--tmpfs /tmp` for IFIND_MOCK_WORKERS and IFIND_MOCK_TLS.
#
# The tests lint this file and follow its instructions without Docker. Building and running it is tried by hand.

FROM python:3.13-slim-bookworm AS build
WORKDIR /source
COPY locks/container.txt locks/
RUN python -m venv /opt/ifind-mock \
 && /opt/ifind-mock/bin/pip install --no-cache-dir --require-hashes --only-binary :all: --requirement locks/container.txt
COPY pyproject.toml README.md LICENSE ./
COPY contract_tests contract_tests
COPY fixtures fixtures
COPY mockserver mockserver
COPY schemas schemas
RUN /opt/ifind-mock/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13-slim-bookworm
ARG VERSION
LABEL org.opencontainers.image.title="ifind-mock" \
      org.opencontainers.image.description="A mock server for the phone-lookup API of i-find.pro" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION"
COPY --from=build /opt/ifind-mock /opt/ifind-mock
RUN install --directory --owner 10001 --group 10001 /state
ENV PATH=/opt/ifind-mock/bin:$PATH \
    IFIND_MOCK_HOST=0.0.0.0
# A state file, where IFIND_MOCK_STATE names one: mount a volume here.
WORKDIR /state
USER 10001:10001
EXPOSE 8080
# Alive or not is said without a token. The check reads the variables and the settings file, as `serve` does.
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
  CMD ["python", "-m", "mockserver.cli.health_check"]
ENTRYPOINT ["ifind-mock"]
CMD ["serve"]
