"""The settings of Kafka as its clients want to be told."""

from __future__ import annotations

import pytest

from icustomer.errors import SettingsError
from icustomer.kafka_access import connection
from icustomer.setting_values import SaslMechanism, SecurityProtocol
from icustomer.settings import Settings


def settings(**values):
    return Settings(_env_file=None, **values)


def test_plaintext_is_only_the_servers():
    plain = settings(kafka_servers="a:1,b:2")
    assert connection(plain).aiokafka_options() == {
        "bootstrap_servers": ["a:1", "b:2"],
        "security_protocol": "PLAINTEXT",
        "ssl_context": None,
    }


def test_sasl_over_tls_tells_mechanism_user_and_password():
    secured = settings(
        kafka_security_protocol="SASL_SSL", kafka_username="worker", kafka_password="secret"
    )
    found = connection(secured)
    assert found.security_protocol is SecurityProtocol.SASL_SSL
    assert found.sasl_mechanism is SaslMechanism.SCRAM_SHA_512
    assert (found.username, found.password) == ("worker", "secret")
    assert found.ssl_context is not None
    assert found.ssl_context.check_hostname


@pytest.mark.parametrize("name", ["CA", "CERT"])
def test_a_file_that_is_no_certificate_is_told_by_its_variable(tmp_path, name):
    file = tmp_path / "broken.pem"
    file.write_text("no certificate")
    broken = settings(kafka_security_protocol="SSL", **{f"kafka_{name.lower()}_file": file})
    with pytest.raises(SettingsError, match=f"^ICUSTOMER_KAFKA_{name}_FILE must hold"):
        connection(broken)
