"""Work that nobody awaits: it runs on the server's own event loop, or in other processes on a thread's."""

import asyncio
import contextvars
import logging
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

log = logging.getLogger(__name__)

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_running: set[Future[Any]] = set()  # a reference each, or the garbage collector may end them


def attach(loop: asyncio.AbstractEventLoop) -> None:
    """Names the loop to run on; asgi.py gives the server's."""
    global _loop
    _loop = loop


def run(work: Coroutine[Any, Any, Any]) -> Future[Any]:
    """Starts `work`, from any thread; an exception that it did not expect is logged."""
    # In a context of its own: that of a view would tie the work to the view's thread, which ends with the response.
    future = contextvars.Context().run(asyncio.run_coroutine_threadsafe, work, _current_loop())
    _running.add(future)
    future.add_done_callback(_done)
    return future


def running() -> int:
    return len(_running)


def flush(seconds: float) -> None:
    """Waits until what was started is done, at most `seconds` for each: for processes that end, and for tests.
    Not to be called on the loop itself."""
    for future in tuple(_running):
        try:
            future.result(timeout=seconds)
        except Exception as error:  # logged by _done, if it was the work's own
            log.debug("flush: %r", error)


def _current_loop() -> asyncio.AbstractEventLoop:
    global _loop
    with _lock:
        if _loop is None or _loop.is_closed():
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="background", daemon=True).start()
        return _loop


def _start_afresh() -> None:
    """A forked worker inherits the loop but not the thread that ran it."""
    global _loop, _lock
    _loop, _lock = None, threading.Lock()
    _running.clear()


os.register_at_fork(after_in_child=_start_afresh)


def _done(future: Future[Any]) -> None:
    _running.discard(future)
    if not future.cancelled() and (error := future.exception()):
        log.error("background work failed", exc_info=error)
