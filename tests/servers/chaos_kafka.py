"""A Kafka of one's own with two doors: one for the judges, one that leads through a proxy."""

from __future__ import annotations

from pathlib import Path

from servers.kafka import HOST, JavaKafka, free_ports

TWO_DOORS = """
listeners=PLAINTEXT://{host}:{port},PROXIED://{host}:{behind},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port},PROXIED://{host}:{proxy}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
"""
"""Of settings that stand twice in a file the last counts."""


class TwoDoorKafka(JavaKafka):
    """A broker that sends who comes through the proxy back to the proxy.

    `servers` is the direct door; `behind_proxy` is the port that the proxy must lead to.
    """

    def __init__(self, proxy_port: int) -> None:
        super().__init__()
        (self.behind_proxy,) = free_ports(1)
        self._proxy_port = proxy_port

    def _format(self) -> None:
        super()._format()
        doors = TWO_DOORS.format(
            host=HOST,
            port=self.port,
            behind=self.behind_proxy,
            proxy=self._proxy_port,
            controller=self._controller,
        )
        with Path(self._properties).open("a") as file:
            file.write(doors)
