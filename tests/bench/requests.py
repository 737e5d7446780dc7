"""Requests per second through nginx and the router, over those of the application's replicas asked directly."""

from __future__ import annotations

import asyncio
import ssl
import statistics
import time
from collections.abc import Callable, Coroutine
from typing import Any

from tests.environment import Environment

CONNECTIONS = 16
WARM_UP = 1.0
#: The cheapest answer there is, which shows what the way costs; and a page that Django makes.
PATHS = ("/health/live", "/login/")

Connect = Callable[[int], Coroutine[Any, Any, tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


async def answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Read one answer with its body; returns its status, and whether the connection is kept."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    if "\r\ntransfer-encoding: chunked" in head:
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    else:
        await reader.readexactly(int(head.split("\r\ncontent-length:", 1)[1].split("\r\n", 1)[0]))
    return int(head.split(" ", 2)[1]), "\r\nconnection: close" not in head


async def load(connect: Connect, host: str, path: str, seconds: float) -> tuple[float, float]:
    """Keep every connection busy; returns requests per second and the median latency in milliseconds."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Proto: https\r\n\r\n".encode()
    latencies: list[float] = []
    start = time.monotonic() + WARM_UP
    end = start + seconds

    async def client(number: int) -> None:
        reader, writer = await connect(number)
        while (began := time.monotonic()) < end:
            writer.write(request)
            status, kept = await answer(reader)
            if status != 200:
                raise SystemExit(f"{path} was answered with {status}")
            if not kept:  # nginx ends a connection after a thousand requests
                writer.close()
                reader, writer = await connect(number)
            if began >= start:
                latencies.append(time.monotonic() - began)
        writer.close()

    await asyncio.gather(*map(client, range(CONNECTIONS)))
    return len(latencies) / seconds, statistics.median(latencies) * 1000


def measure(environment: Environment, seconds: float) -> None:
    context = ssl.create_default_context(cafile=str(environment.ca))
    replicas = [environment.address(name, "app-devicehub") for name in environment.replicas("devicehub", "web")]
    port = environment.applications["devicehub"]["processes"]["web"]["port"]

    async def edge(number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(environment.domain, environment.https_port, ssl=context)

    async def alone(number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(replicas[number % len(replicas)], port)

    print(f"requests: {CONNECTIONS} kept connections, {seconds:.0f} s each, {len(replicas)} replicas")
    for path in PATHS:
        rates = {}
        for name, connect in (("alone", alone), ("edge", edge)):
            rate, latency = asyncio.run(load(connect, environment.authority, path, seconds))
            rates[name] = rate
            where = "the replicas alone" if name == "alone" else "nginx and router"
            print(f"  {path:<14} {rate:7.0f} requests/s  median {latency:6.1f} ms  {where}")
        print(f"  {path:<14} ratio {rates['edge'] / rates['alone']:.2f}")
