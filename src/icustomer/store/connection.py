"""The way to Redis: one call in, one answer out, every failure translated once.

One timer surrounds a call instead of one each reply, and nothing is repeated behind the
caller's back: a script whose answer was lost may have run.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import hiredis
from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.connection import (
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
    parse_url,
)
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    AuthenticationError,
    ClusterDownError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from icustomer.errors import HistoryCutError, SettingsError, UnavailableError
from icustomer.store.scripts import Script

CALL_SECONDS = 5.0
"""Longest wait for one answer. A batch of 500 takes some 10 ms, a failover a few seconds."""
CONNECTIONS = 4
"""A worker has one batch in hand; the sweeper, the lease and the API make up the rest."""
FOR_NOW_ERRORS = (ReadOnlyError, OutOfMemoryError, ClusterDownError, TryAgainError)
FOR_NOW_WORDS = re.compile(
    r"(?:^|[\s-])(?:READONLY|OOM|MASTERDOWN|NOREPLICAS|MISCONF|BUSY|UNKILLABLE)\b"
)
"""Answers that mean: not now, or not by this server. The client knows some as classes of their
own; before Redis 7 the word stands within the text of a script's error."""
LOST = "LOST"
"""Word of the scripts for a fence that does not stand."""


class RedisConnection(Protocol):
    """What the store needs of a client of either kind."""

    async def command(self, name: str, *parts: bytes | str | int) -> Any:
        """Send one command to the server that holds the space; its answer."""
        ...

    async def close(self) -> None: ...


class _Packing:
    """Packs commands in C instead of Python: a batch has thousands of parts."""

    def pack_command(self, *parts: Any) -> list[bytes]:
        # The client names some commands in two words, which are two parts to the server.
        return [hiredis.pack_command((*parts[0].split(), *parts[1:]))]


class _Plain(_Packing, Connection):
    """TCP."""


class _Tls(_Packing, SSLConnection):
    """TLS."""


class _Socket(_Packing, UnixDomainSocketConnection):
    """A socket of this machine."""


_PACKING = {SSLConnection: _Tls, UnixDomainSocketConnection: _Socket}


class SingleServer:
    """One Redis, by URL."""

    def __init__(self, url: str) -> None:
        arguments = dict(parse_redis_url(url))
        kind = _PACKING.get(arguments.pop("connection_class", Connection), _Plain)
        pool = BlockingConnectionPool(
            max_connections=CONNECTIONS,
            timeout=CALL_SECONDS,
            connection_class=kind,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=None,
            socket_connect_timeout=CALL_SECONDS,
            **arguments,
        )
        self._client = Redis.from_pool(pool)

    async def command(self, name: str, *parts: bytes | str | int) -> Any:
        send: Any = self._client.execute_command
        return await send(name, *parts)

    async def close(self) -> None:
        await self._client.aclose()


class ClusterServer:
    """The server of a Redis Cluster that holds the slot of `key`.

    The node is told outright: working out the slot of thousands of keys in Python would cost
    more than all the rest, and they are all in this one.
    """

    def __init__(self, url: str, key: str) -> None:
        arguments = dict(parse_redis_url(url))
        tls = arguments.pop("connection_class", None) is SSLConnection
        arguments.pop("db", None)
        self._key = key
        self._client = RedisCluster(
            ssl=tls,
            max_connections=CONNECTIONS,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=None,
            socket_connect_timeout=CALL_SECONDS,
            **arguments,
        )

    async def command(self, name: str, *parts: bytes | str | int) -> Any:
        await self._client.initialize()
        node = self._client.get_node_from_key(self._key)
        return await self._client.execute_command(name, *parts, target_nodes=node)

    async def close(self) -> None:
        await self._client.aclose()


def parse_redis_url(url: str) -> Any:
    """Parts of the URL as the client wants them; raises `SettingsError` if it is none."""
    try:
        return parse_url(url)
    except ValueError as error:
        raise SettingsError(f"ICUSTOMER_REDIS_URL: {error}") from error


async def call(
    connection: RedisConnection, name: str, *parts: bytes | str | int, seconds: float = CALL_SECONDS
) -> Any:
    """One command within `seconds`. Raises what the port promises."""
    with translated():
        async with asyncio.timeout(seconds):
            return await connection.command(name, *parts)


async def run(
    connection: RedisConnection,
    script: Script,
    keys: Sequence[bytes],
    arguments: Sequence[bytes | str | int],
    seconds: float = CALL_SECONDS,
) -> Any:
    """Run a script within `seconds`; a server that does not know it gets its text."""
    rest = (len(keys), *keys, *arguments)
    with translated():
        async with asyncio.timeout(seconds):
            try:
                return await connection.command("EVALSHA", script.digest, *rest)
            except NoScriptError:
                return await connection.command("EVAL", script.text, *rest)


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the client and of Redis as the port's own."""
    try:
        yield
    except (AuthenticationError, NoPermissionError) as error:
        raise SettingsError(f"ICUSTOMER_REDIS_URL: Redis refuses this user: {error}") from error
    except (RedisConnectionError, RedisTimeoutError, RedisClusterException, OSError) as error:
        # TimeoutError of the timer is an OSError, too.
        raise UnavailableError(f"Redis did not answer: {error!r}") from error
    except ResponseError as error:
        raise _judged(error) from error


def _judged(error: ResponseError) -> Exception:
    text = str(error)
    if LOST in text.split(maxsplit=1)[:1]:
        return HistoryCutError("the fence does not stand on the Redis that answered")
    if isinstance(error, FOR_NOW_ERRORS) or FOR_NOW_WORDS.search(text):
        return UnavailableError(f"Redis cannot for now: {text}")
    if isinstance(error, AskError):
        return SettingsError("ICUSTOMER_REDIS_CLUSTER: this Redis is a cluster; set it to true")
    return error
