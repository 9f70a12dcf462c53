"""What an operator can set, and what is said when it is missing or impossible.

Every variable has the prefix `ICUSTOMER_` and may stand in the environment or in `.env`; the
environment wins. Secrets may stand in a file of their own instead, named by `..._FILE`.
No message repeats a value: a secret in the wrong variable must not reach a log.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, FilePath, SecretBytes, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from icustomer.circuit import DEFAULT_SHARE
from icustomer.errors import SettingsError
from icustomer.setting_values import (
    LogFormat,
    LogLevel,
    Must,
    SaslMechanism,
    SecurityProtocol,
    from_text,
    parse_duration,
    parse_lower,
    parse_redis_url,
    parse_secret_key,
    parse_servers,
    parse_upper,
    redis_database,
)

PREFIX = "ICUSTOMER_"
MAX_BATCH_RECORDS = 10_000
"""A batch is one Kafka transaction and one script: beyond this both hold others up."""

_SECRETS_FROM_FILES = ("secret_key", "kafka_password", "redis_url")

File = Annotated[FilePath | None, Must("the path of a file that exists")]


class Settings(BaseSettings):
    """All settings. Build it with `load_settings`, which speaks in one line."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    kafka_servers: Annotated[
        str,
        from_text(parse_servers),
        Must("one or more host:port, with commas between them"),
        Field(description="Bootstrap servers of Kafka."),
    ] = "localhost:9092"
    kafka_security_protocol: Annotated[
        SecurityProtocol,
        from_text(parse_upper),
        Must("PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"),
        Field(description="Encryption and authentication towards Kafka."),
    ] = SecurityProtocol.PLAINTEXT
    kafka_sasl_mechanism: Annotated[
        SaslMechanism,
        from_text(parse_upper),
        Must("PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"),
        Field(description="How user name and password are proved, under SASL_..."),
    ] = SaslMechanism.SCRAM_SHA_512
    kafka_username: Annotated[
        str | None, Must("text"), Field(description="User name, under SASL_...")
    ] = None
    kafka_password: Annotated[
        SecretStr | None, Must("text"), Field(description="Password, under SASL_...")
    ] = None
    kafka_ca_file: Annotated[
        File, Field(description="Authorities to trust (PEM); the system's if not set.")
    ] = None
    kafka_cert_file: Annotated[File, Field(description="Client certificate (PEM).")] = None
    kafka_key_file: Annotated[File, Field(description="Key of the client certificate (PEM).")] = (
        None
    )
    kafka_check_crcs: Annotated[
        bool,
        Must("true or false"),
        Field(description="Compare checksums of what is read; the embedded Kafka needs false."),
    ] = True
    kafka_session_seconds: Annotated[
        int,
        Must("a whole number, 6 to 300"),
        Field(
            ge=6,
            le=300,
            description="After how long without a word from a worker others take its partitions.",
        ),
    ] = 10
    redis_url: Annotated[
        SecretStr,
        from_text(parse_redis_url),
        Must("redis://host:port/database or rediss://..., user and password optional"),
        Field(description="Where Redis is. May hold a password, so it counts as a secret."),
    ] = SecretStr("redis://localhost:6379/0")
    redis_cluster: Annotated[
        bool, Must("true or false"), Field(description="True: Redis is a Redis Cluster.")
    ] = False
    space: Annotated[
        str,
        Must("1 to 32 of a-z, 0-9 and hyphen"),
        Field(pattern=r"^[a-z0-9-]{1,32}$", description="The identity space."),
    ] = "default"
    topic_prefix: Annotated[
        str,
        Must("1 to 200 of letters, digits, dot, hyphen and underscore"),
        Field(
            pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$",
            description="The topics are `<prefix>.signups` and so on.",
        ),
    ] = "customer"
    consumer_group: Annotated[
        str,
        Must("text of 1 to 255 characters"),
        Field(min_length=1, max_length=255, description="Consumer group of the workers."),
    ] = "icustomer"
    secret_key: Annotated[
        SecretBytes | None,
        from_text(parse_secret_key),
        Must("32 bytes or more, written as hex or base64"),
        Field(description="Keys all digests and customer IDs. Never change it in a space."),
    ] = None
    rules: Annotated[
        File,
        Field(description="Path of a rules.toml; the built-in rules if not set."),
    ] = None
    rules_pace: Annotated[
        float,
        Must("a number, 0 or more"),
        Field(
            ge=0,
            allow_inf_nan=False,
            description="Groups a second that a change of rules works out anew at most; "
            "0: as many as it can.",
        ),
    ] = 0
    guest_retention: Annotated[
        timedelta,
        from_text(parse_duration),
        Must("a duration such as 30d, 12h or 90m, or 0"),
        Field(description="How long a guest is kept after the last act; 0: not at all."),
    ] = timedelta(days=30)
    http_host: Annotated[
        str,
        Must("a host name or address"),
        Field(
            min_length=1,
            description="Address of this machine where metrics and health are served.",
        ),
    ] = "127.0.0.1"
    http_port: Annotated[
        int,
        Must("a port, 1 to 65535, or 0 for any that is free"),
        Field(ge=0, le=65_535, description="On which port; with 0 the log tells it, `serving`."),
    ] = 8080
    api_tokens_file: Annotated[
        File, Field(description="Tokens with roles, for the API; unused in this version.")
    ] = None
    log_format: Annotated[
        LogFormat,
        from_text(parse_lower),
        Must("auto, json or console"),
        Field(description="How log lines are written; auto: console on a terminal, else json."),
    ] = LogFormat.AUTO
    log_level: Annotated[
        LogLevel,
        from_text(parse_lower),
        Must("debug, info, warning, error or critical"),
        Field(description="The least severe level that is written."),
    ] = LogLevel.INFO
    batch_records: Annotated[
        int,
        Must("a whole number, 1 to 10000"),
        Field(ge=1, le=MAX_BATCH_RECORDS, description="The most records in a batch."),
    ] = 500

    internal_error_share: Annotated[
        float,
        Must("a number, 0 to 1"),
        Field(
            ge=0,
            le=1,
            description="Share of a topic's latest 1,000 records at which icustomer itself may "
            "fail before it stops; 1: it never does.",
        ),
    ] = DEFAULT_SHARE

    secret_key_file: Annotated[
        File, Field(description="File that holds SECRET_KEY, in its place.")
    ] = None
    kafka_password_file: Annotated[
        File, Field(description="File that holds KAFKA_PASSWORD, in its place.")
    ] = None
    redis_url_file: Annotated[
        File, Field(description="File that holds REDIS_URL, in its place.")
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Put the content of `..._FILE` in the place of the secret."""
        return values | {
            name: _read_secret(name, values)
            for name in _SECRETS_FROM_FILES
            if values.get(f"{name}_file")
        }

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        _check_authentication(self)
        _check_encryption(self)
        database = redis_database(self.redis_url.get_secret_value())
        if self.redis_cluster and database not in {"", "0"}:
            raise SettingsError(f"{PREFIX}REDIS_URL must name database 0: a cluster has no other")
        return self

    def secret(self) -> bytes:
        """The secret key; SettingsError if there is none."""
        if self.secret_key is None:
            raise SettingsError(
                f"{PREFIX}SECRET_KEY is missing: set it to 32 random bytes, hex or base64, for "
                'example from: python3 -c "import secrets; print(secrets.token_hex(32))"'
            )
        return self.secret_key.get_secret_value()


def _read_secret(name: str, values: dict[str, Any]) -> str:
    variable = f"{PREFIX}{name.upper()}"
    if values.get(name):
        raise SettingsError(f"{variable} and {variable}_FILE are both set: keep one of them")
    try:
        text = Path(values[f"{name}_file"]).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        text = ""
    if not text:
        raise SettingsError(f"{variable}_FILE must be the path of a readable file with one secret")
    return text


def _check_authentication(settings: Settings) -> None:
    credentials = {"USERNAME": settings.kafka_username, "PASSWORD": settings.kafka_password}
    protocol = settings.kafka_security_protocol
    for name, value in credentials.items():
        if protocol.authenticates and value is None:
            raise SettingsError(
                f"{PREFIX}KAFKA_{name} is missing: "
                f"{PREFIX}KAFKA_SECURITY_PROTOCOL={protocol} needs it"
            )
        if value is not None and not protocol.authenticates:
            raise SettingsError(
                f"{PREFIX}KAFKA_{name} is set, but {PREFIX}KAFKA_SECURITY_PROTOCOL={protocol} "
                "would not use it: set the protocol to SASL_SSL or remove it"
            )


def _check_encryption(settings: Settings) -> None:
    files = {
        "CA": settings.kafka_ca_file,
        "CERT": settings.kafka_cert_file,
        "KEY": settings.kafka_key_file,
    }
    protocol = settings.kafka_security_protocol
    for name, path in files.items():
        if path is not None and not protocol.encrypts:
            raise SettingsError(
                f"{PREFIX}KAFKA_{name}_FILE is set, but {PREFIX}KAFKA_SECURITY_PROTOCOL={protocol} "
                "would not use it: set the protocol to SSL or SASL_SSL or remove it"
            )
    if settings.kafka_key_file and not settings.kafka_cert_file:
        raise SettingsError(f"{PREFIX}KAFKA_CERT_FILE is missing: {PREFIX}KAFKA_KEY_FILE needs it")


def load_settings() -> Settings:
    """The settings of environment and `.env`; SettingsError, one line, if any is impossible."""
    try:
        return Settings()
    except ValidationError as error:
        name = str(error.errors(include_url=False, include_input=False)[0]["loc"][0])
        raise SettingsError(f"{PREFIX}{name.upper()} must be {_expectation(name)}") from None
    except (OSError, UnicodeError):
        raise SettingsError(".env cannot be read: it must be a text file in UTF-8") from None


def _expectation(name: str) -> str:
    metadata = Settings.model_fields[name].metadata
    return next(entry.be for entry in metadata if isinstance(entry, Must))
