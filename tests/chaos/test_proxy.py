"""The proxy does what is ordered: else a run would meet no trouble and prove nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import pytest

from chaos.proxy import HOST, Proxy

DELAY = 0.05


@pytest.fixture
async def server() -> AsyncIterator[int]:
    """A server that repeats each line; its port."""

    async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while line := await reader.readline():
                writer.write(line)
        writer.close()

    listening = await asyncio.start_server(repeat, HOST, 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


@pytest.fixture
def proxy(server: int) -> Iterator[Proxy]:
    with Proxy() as made:
        made.lead_to(server)
        yield made


async def ask(connection: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bytes:
    reader, writer = connection
    writer.write(b"word\n")
    return await reader.readline()


async def connect(proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(HOST, proxy.port)


async def test_everything_passes(proxy: Proxy) -> None:
    connection = await connect(proxy)
    assert await ask(connection) == b"word\n"
    connection[1].close()


async def test_a_cut_ends_connections_and_refuses_new_ones_until_it_is_mended(
    proxy: Proxy,
) -> None:
    open_one = await connect(proxy)
    assert await ask(open_one) == b"word\n"
    proxy.cut()
    assert await ended(open_one)
    assert await ended(await connect(proxy))
    proxy.mend()
    again = await connect(proxy)
    assert await ask(again) == b"word\n"
    again[1].close()


async def test_what_was_under_way_in_a_stall_arrives_when_it_is_mended(proxy: Proxy) -> None:
    connection = await connect(proxy)
    assert await ask(connection) == b"word\n"
    proxy.stall()
    answer = asyncio.ensure_future(ask(connection))
    done, _ = await asyncio.wait([answer], timeout=2 * DELAY)
    assert not done
    proxy.mend()
    assert await answer == b"word\n"
    connection[1].close()


async def test_slow_holds_back_both_directions(proxy: Proxy) -> None:
    connection = await connect(proxy)
    proxy.slow(DELAY)
    began = time.monotonic()
    assert await ask(connection) == b"word\n"
    assert time.monotonic() - began >= 2 * DELAY
    connection[1].close()


async def test_another_server_has_the_address(proxy: Proxy) -> None:
    former = await connect(proxy)
    assert await ask(former) == b"word\n"

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"another\n")
        writer.close()

    other = await asyncio.start_server(greet, HOST, 0)
    async with other:
        proxy.lead_to(other.sockets[0].getsockname()[1])
        assert await ended(former)
        reader, writer = await connect(proxy)
        assert await reader.readline() == b"another\n"
        writer.close()


async def ended(connection: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bool:
    reader, writer = connection
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True
    finally:
        writer.close()
