"""What an operator can set, and what is said when it is missing or impossible."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from icustomer.errors import SettingsError
from icustomer.setting_values import SaslMechanism, SecurityProtocol, parse_secret_key
from icustomer.settings import Settings, load_settings
from icustomer.stream import connection

KEY = bytes(range(32))
SECRET = "hunter2-hunter2-hunter2-hunter2-"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    """No variable of the machine, no .env of the checkout."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ICUSTOMER_{name.upper()}", raising=False)


@pytest.fixture
def load(monkeypatch):
    def load_with(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(f"ICUSTOMER_{name}", str(value))
        return load_settings()

    return load_with


def refusal(load, **variables):
    with pytest.raises(SettingsError) as caught:
        load(**variables)
    return str(caught.value)


def test_everything_has_a_default_but_the_secret_key():
    settings = load_settings()
    assert settings.kafka_servers == "localhost:9092"
    assert settings.redis_url.get_secret_value() == "redis://localhost:6379/0"
    assert (settings.space, settings.topic_prefix, settings.consumer_group) == (
        "default",
        "customer",
        "icustomer",
    )
    assert settings.guest_retention == timedelta(days=30)
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 8080)
    with pytest.raises(SettingsError, match=r"^ICUSTOMER_SECRET_KEY is missing: set it to 32"):
        settings.secret()


@pytest.mark.parametrize(
    "text",
    [
        KEY.hex(),
        KEY.hex().upper(),
        f" {KEY.hex()}\n",
        base64.b64encode(KEY).decode(),
        base64.b64encode(KEY).decode().rstrip("="),
    ],
)
def test_a_secret_key_is_hex_or_base64(load, text):
    assert load(SECRET_KEY=text).secret() == KEY


def test_a_secret_key_may_be_url_safe_base64():
    assert parse_secret_key(base64.urlsafe_b64encode(b"\xff\xfe" * 20).decode()) == b"\xff\xfe" * 20


def test_what_has_hex_digits_only_is_hex_though_it_would_be_base64_too():
    assert parse_secret_key("ab" * 32) == b"\xab" * 32


@pytest.mark.parametrize("text", ["ab" * 31, base64.b64encode(KEY[:31]).decode(), SECRET, "abc"])
def test_a_short_or_unreadable_secret_key_is_refused_without_being_told(load, text):
    message = refusal(load, SECRET_KEY=text)
    assert message.startswith("ICUSTOMER_SECRET_KEY must be 32 bytes or more")
    assert text not in message


def test_a_secret_may_stand_in_a_file(load, tmp_path):
    file = tmp_path / "key"
    file.write_text(f"{KEY.hex()}\n")
    assert load(SECRET_KEY_FILE=file).secret() == KEY


@pytest.mark.parametrize("content", [None, "", b"\xff\xfe"])
def test_a_secret_file_that_holds_none_is_named(load, tmp_path, content):
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    message = refusal(load, KAFKA_PASSWORD_FILE=file)
    assert message.startswith("ICUSTOMER_KAFKA_PASSWORD_FILE must be the path of a readable file")


def test_a_secret_cannot_stand_in_both_places(load, tmp_path):
    (tmp_path / "key").write_text(KEY.hex())
    message = refusal(load, SECRET_KEY=KEY.hex(), SECRET_KEY_FILE=tmp_path / "key")
    assert "both set" in message
    assert KEY.hex() not in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KAFKA_SERVERS", "localhost"),
        ("KAFKA_SERVERS", "localhost:0"),
        ("KAFKA_SERVERS", "localhost:70000"),
        ("KAFKA_SECURITY_PROTOCOL", "TLS"),
        ("KAFKA_SASL_MECHANISM", "GSSAPI"),
        ("KAFKA_CA_FILE", "nowhere.pem"),
        ("REDIS_URL", "http://localhost"),
        ("REDIS_URL", "redis://localhost:99999"),
        ("REDIS_URL", "redis://localhost/first"),
        ("REDIS_CLUSTER", "perhaps"),
        ("SPACE", "Shop"),
        ("SPACE", "s" * 33),
        ("TOPIC_PREFIX", "a b"),
        ("CONSUMER_GROUP", "g" * 256),
        ("RULES", "nowhere.toml"),
        ("GUEST_RETENTION", "30"),
        ("GUEST_RETENTION", "30 days"),
        ("GUEST_RETENTION", "-1d"),
        ("GUEST_RETENTION", "999999d"),
        ("HTTP_PORT", "http"),
        ("HTTP_PORT", "65536"),
        ("API_TOKENS_FILE", "nowhere"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "loud"),
        ("BATCH_RECORDS", "0"),
        ("KAFKA_SESSION_SECONDS", "5"),
        ("KAFKA_SESSION_SECONDS", "301"),
    ],
)
def test_an_impossible_value_is_told_in_one_line_that_names_the_variable(load, name, value):
    message = refusal(load, **{name: value})
    assert message.startswith(f"ICUSTOMER_{name} must be ")
    assert "\n" not in message


def test_the_password_of_a_faulty_redis_url_is_not_told(load):
    assert SECRET not in refusal(load, REDIS_URL=f"redis://user:{SECRET}@localhost:99999")


def test_secrets_do_not_show_when_settings_are_printed(load):
    settings = load(
        REDIS_URL=f"redis://:{SECRET}@localhost",
        SECRET_KEY=KEY.hex(),
        KAFKA_SECURITY_PROTOCOL="SASL_SSL",
        KAFKA_USERNAME="worker",
        KAFKA_PASSWORD=SECRET,
    )
    assert SECRET not in repr(settings)
    assert KEY.hex() not in repr(settings)
    assert repr(KEY) not in repr(settings)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("30d", timedelta(days=30)),
        ("12h", timedelta(hours=12)),
        ("90m", timedelta(minutes=90)),
        ("45s", timedelta(seconds=45)),
        ("2w", timedelta(weeks=2)),
        ("0", timedelta()),
        ("0d", timedelta()),
    ],
)
def test_durations(load, text, duration):
    assert load(GUEST_RETENTION=text).guest_retention == duration


def test_an_empty_variable_is_one_that_is_not_set(load):
    assert load(SPACE="", SECRET_KEY="", RULES="").space == "default"


def test_dot_env_is_read_and_the_environment_wins(load, tmp_path):
    (tmp_path / ".env").write_text("ICUSTOMER_SPACE=from-file\nICUSTOMER_HTTP_PORT=9000\nOTHER=1\n")
    settings = load(SPACE="from-environment")
    assert (settings.space, settings.http_port) == ("from-environment", 9000)


def test_a_dot_env_that_is_no_text_is_told(load, tmp_path):
    (tmp_path / ".env").write_bytes(b"ICUSTOMER_SPACE=\xff\xfe\n")
    assert refusal(load).startswith(".env cannot be read")


@pytest.mark.parametrize("missing", ["USERNAME", "PASSWORD"])
def test_sasl_needs_user_and_password(load, missing):
    given = {"KAFKA_USERNAME": "worker", "KAFKA_PASSWORD": SECRET}
    del given[f"KAFKA_{missing}"]
    message = refusal(load, KAFKA_SECURITY_PROTOCOL="SASL_SSL", **given)
    assert message.startswith(f"ICUSTOMER_KAFKA_{missing} is missing")


def test_a_password_that_would_not_be_used_is_refused(load):
    message = refusal(load, KAFKA_USERNAME="worker", KAFKA_PASSWORD=SECRET)
    assert "ICUSTOMER_KAFKA_SECURITY_PROTOCOL=PLAINTEXT would not use it" in message


def test_certificates_that_would_not_be_used_are_refused(load, tmp_path):
    (tmp_path / "ca.pem").touch()
    assert "would not use it" in refusal(load, KAFKA_CA_FILE=tmp_path / "ca.pem")


def test_a_key_needs_its_certificate(load, tmp_path):
    (tmp_path / "key.pem").touch()
    message = refusal(load, KAFKA_SECURITY_PROTOCOL="SSL", KAFKA_KEY_FILE=tmp_path / "key.pem")
    assert message.startswith("ICUSTOMER_KAFKA_CERT_FILE is missing")


def test_a_redis_cluster_has_one_database(load):
    message = refusal(load, REDIS_URL="redis://localhost/1", REDIS_CLUSTER="true")
    assert message.startswith("ICUSTOMER_REDIS_URL must name database 0")


def test_every_protocol_and_mechanism_that_can_be_set_is_one_that_the_stream_knows():
    assert set(SecurityProtocol) == set(connection.SecurityProtocol)
    assert set(SaslMechanism) == set(connection.SaslMechanism)
