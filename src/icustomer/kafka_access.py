"""From the settings to how a Kafka client is let in."""

from __future__ import annotations

import ssl

from icustomer.errors import SettingsError
from icustomer.settings import PREFIX, Settings
from icustomer.stream.connection import Checksums, Connection


def connection(settings: Settings) -> Connection:
    """What aiokafka and FastStream need. SettingsError if a certificate or key is not usable."""
    password = settings.kafka_password
    return Connection(
        servers=settings.kafka_servers,
        security_protocol=settings.kafka_security_protocol,
        sasl_mechanism=settings.kafka_sasl_mechanism,
        username=settings.kafka_username or "",
        password=password.get_secret_value() if password else "",
        ssl_context=_ssl_context(settings),
        checksums=Checksums.COMPARED if settings.kafka_check_crcs else Checksums.IGNORED,
    )


def _ssl_context(settings: Settings) -> ssl.SSLContext | None:
    if not settings.kafka_security_protocol.encrypts:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ca_file)
    except (ssl.SSLError, OSError):
        raise SettingsError(
            f"{PREFIX}KAFKA_CA_FILE must hold certificates of authorities in PEM form"
        ) from None
    if settings.kafka_cert_file is not None:
        _present_certificate(context, settings)
    return context


def _present_certificate(context: ssl.SSLContext, settings: Settings) -> None:
    try:
        # Without a password function OpenSSL would ask for one on the terminal.
        context.load_cert_chain(
            str(settings.kafka_cert_file), settings.kafka_key_file, password=lambda: ""
        )
    except (ssl.SSLError, OSError):
        raise SettingsError(
            f"{PREFIX}KAFKA_CERT_FILE must hold a certificate in PEM form that fits the key in "
            f"{PREFIX}KAFKA_KEY_FILE, which must not be encrypted"
        ) from None
