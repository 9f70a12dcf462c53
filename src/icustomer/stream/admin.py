"""A client for questions about topics, and for creating them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient

from icustomer.stream.connection import Connection
from icustomer.stream.failures import translated

CONNECT_SECONDS = 10.0
"""Long enough for a broker that is busy, short enough for somebody who waits for the answer."""


@asynccontextmanager
async def open_admin(connection: Connection) -> AsyncIterator[AIOKafkaAdminClient]:
    """The client, connected; `UnavailableError` if Kafka does not answer."""
    admin = AIOKafkaAdminClient(**connection.aiokafka_options())
    try:
        with translated(f"answer at {connection.servers}"):
            async with asyncio.timeout(CONNECT_SECONDS):
                await admin.start()
        yield admin
    finally:
        await admin.close()
