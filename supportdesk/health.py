"""Is the desk alive, and can it serve? `/healthz`, `/readyz`, and the worker's heartbeat that the latter reports."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import redis
import redis.asyncio
from celery import shared_task
from celery.signals import worker_ready
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

HEARTBEAT = "desk-heartbeat"  # the key that holds when the worker last did something
WORKER_PATIENCE = 60.0  # a worker that is restarted is back long before
PROBE_TIMEOUT = 1.0

Part = dict[str, Any]


async def healthz(request: HttpRequest) -> HttpResponse:
    """Alive: this process answers. It asks nobody, so that no outage elsewhere gets it restarted."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
async def readyz(request: HttpRequest) -> JsonResponse:
    """Able to serve: each part and whether it is there; 503 while one is missing."""
    probes = {"database": _database, "layer": _layer, "worker": _worker}
    answers = await asyncio.gather(*map(_ask, probes.values()))
    parts = dict(zip(probes, answers, strict=True))
    missing = [name for name, part in parts.items() if not part["ok"]]
    return JsonResponse({"ready": not missing, "missing": missing} | parts, status=503 if missing else 200)


def _other_than_readiness(record: logging.LogRecord) -> bool:
    request = getattr(record, "request", None)
    return request is None or request.path != "/readyz"


# "Not ready" is an answer and no error; at each start it would fill the log.
logging.getLogger("django.request").addFilter(_other_than_readiness)


async def _ask(probe: Callable[[], Awaitable[Part]]) -> Part:
    try:
        async with asyncio.timeout(PROBE_TIMEOUT):
            return await probe()
    except Exception as error:  # whatever it was, the part is missing; its text may hold an address or a password
        return {"ok": False, "error": type(error).__name__}


async def _database() -> Part:
    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    await database_sync_to_async(look)()
    return {"ok": True}


async def _layer() -> Part:
    """A word on a channel that nobody has gets as far as the broker, over the layer's own connection."""
    layer = get_channel_layer()
    assert layer is not None
    await layer.send("readyz", {"type": "probe"})
    return {"ok": True}


async def _worker() -> Part:
    """A worker that was seen lately counts as there: while it is restarted the pages are still served."""
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as broker:
        seen = await broker.get(HEARTBEAT)
    if seen is None:
        return {"ok": False, "seen_seconds_ago": None}
    age = max(0.0, time.time() - float(seen))
    return {"ok": age <= WORKER_PATIENCE, "seen_seconds_ago": round(age, 1)}


@shared_task(name="supportdesk.health.heartbeat")
def heartbeat() -> None:
    """Beat asks for it and a worker does it, so it tells that both live and reach the broker."""
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=settings.CONNECT_TIMEOUT) as broker:
        broker.set(HEARTBEAT, time.time())


@worker_ready.connect
def first_heartbeat(**kwargs: Any) -> None:
    """Beat's first tick comes a period after its start; nobody needs to wait for it."""
    heartbeat()
