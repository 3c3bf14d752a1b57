"""A proxy before a desk that passes everything on, but for one message to each customer, which it steals or repeats."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
from aiohttp import web

HOP = {"Host", "Transfer-Encoding", "Content-Length", "Connection"}


class Thief:
    """`times` is how often the first answer of an agent is shown to each customer: 0 steals it, 2 repeats it."""

    def __init__(self, desk_url: str, times: int) -> None:
        self.desk_url, self.times = desk_url, times

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._socket(request)
        headers = {name: value for name, value in request.headers.items() if name not in HOP}
        async with (
            aiohttp.ClientSession(auto_decompress=False) as client,
            client.request(
                request.method, self.desk_url + request.path_qs, headers=headers, data=await request.read()
            ) as answer,
        ):
            kept = {name: value for name, value in answer.headers.items() if name not in HOP}
            return web.Response(status=answer.status, headers=kept, body=await answer.read())

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        down = web.WebSocketResponse()
        await down.prepare(request)
        async with aiohttp.ClientSession() as client, client.ws_connect(self.desk_url + request.path_qs) as up:
            passing = asyncio.create_task(self._up(down, up))
            await self._down(up, down, honest="/ws/chat/" not in request.path)
            passing.cancel()
        return down

    async def _up(self, down: web.WebSocketResponse, up: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in down:
            await up.send_str(frame.data)
        await up.close()

    async def _down(self, up: aiohttp.ClientWebSocketResponse, down: web.WebSocketResponse, *, honest: bool) -> None:
        async for frame in up:
            times = 1
            if not honest and '"type":"message"' in frame.data and '"role":"agent"' in frame.data:
                honest, times = True, self.times
            with suppress(ConnectionError):
                for _ in range(times):
                    await down.send_str(frame.data)


@asynccontextmanager
async def thief_before(desk_url: str, times: int) -> AsyncIterator[str]:
    """Runs it; yields its address."""
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", Thief(desk_url, times).handle)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()
