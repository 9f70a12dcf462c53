"""How to reach Kafka: one value, told to each client library in its own words."""

from __future__ import annotations

from enum import StrEnum
from ssl import SSLContext
from typing import Any

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512
from msgspec import Struct

from icustomer.setting_values import SaslMechanism, SecurityProtocol


class Checksums(StrEnum):
    """Whether readers compare the checksum of each batch (CRC-32C)."""

    COMPARED = "compared"
    IGNORED = "ignored"
    """For librdkafka's mock cluster, whose transaction markers carry wrong ones."""


_FASTSTREAM_SASL = {
    SaslMechanism.PLAIN: SASLPlaintext,
    SaslMechanism.SCRAM_SHA_256: SASLScram256,
    SaslMechanism.SCRAM_SHA_512: SASLScram512,
}


class Connection(Struct, frozen=True):
    """Bootstrap servers (`host:port`, separated by commas) and how to be let in."""

    servers: str
    security_protocol: SecurityProtocol = SecurityProtocol.PLAINTEXT
    sasl_mechanism: SaslMechanism = SaslMechanism.PLAIN
    username: str = ""
    password: str = ""
    ssl_context: SSLContext | None = None
    """Needed by SSL and SASL_SSL."""
    checksums: Checksums = Checksums.COMPARED

    def aiokafka_options(self) -> dict[str, Any]:
        """Keyword arguments of every aiokafka client."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.servers.split(","),
            "security_protocol": str(self.security_protocol),
            "ssl_context": self.ssl_context,
        }
        if self.security_protocol.authenticates:
            options["sasl_mechanism"] = str(self.sasl_mechanism)
            options["sasl_plain_username"] = self.username
            options["sasl_plain_password"] = self.password
        return options

    def reader_options(self) -> dict[str, Any]:
        """Further keyword arguments of every aiokafka consumer."""
        return {"check_crcs": self.checksums is Checksums.COMPARED}

    def faststream_security(self) -> BaseSecurity:
        """The `security` of a FastStream broker."""
        if not self.security_protocol.authenticates:
            return BaseSecurity(
                ssl_context=self.ssl_context, use_ssl=self.security_protocol.encrypts
            )
        return _FASTSTREAM_SASL[self.sasl_mechanism](
            username=self.username,
            password=self.password,
            ssl_context=self.ssl_context,
            use_ssl=self.security_protocol.encrypts,
        )
