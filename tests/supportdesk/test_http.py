"""How a request is served: what is sent in pieces keeps nobody waiting, and warns of nothing."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from supportdesk.http import PIECE, ThreadedHandler

FILE = bytes(range(256)) * 1024
closed: list[str] = []


class File(io.BytesIO):
    def close(self) -> None:
        closed.append("file")
        super().close()


def file(request: HttpRequest) -> FileResponse:
    return FileResponse(File(FILE))


def words(request: HttpRequest) -> StreamingHttpResponse:
    def said() -> Iterator[str]:
        yield "Hello "
        yield ""  # nothing yet is not the end
        yield "Cleo"

    return StreamingHttpResponse(said())


urlpatterns = [path("file/", file), path("words/", words)]


async def pieces(path: str) -> list[bytes]:
    scope = {"type": "http", "http_version": "1.1", "method": "GET", "path": path, "query_string": b""}
    asked: Any = ApplicationCommunicator(ThreadedHandler(), {**scope, "headers": [(b"host", b"localhost")]})  # type: ignore[no-untyped-call]
    await asked.send_input({"type": "http.request"})
    assert (await asked.receive_output(5))["status"] == 200
    sent: list[dict[str, Any]] = [await asked.receive_output(5)]
    while sent[-1].get("more_body"):
        sent.append(await asked.receive_output(5))
    await asked.wait(5)
    return [event.get("body", b"") for event in sent]


@pytest.mark.django_db(transaction=True)
@override_settings(ROOT_URLCONF=__name__)
async def test_a_file_leaves_in_pieces_and_is_closed() -> None:
    closed.clear()
    sent = await pieces("/file/")
    assert b"".join(sent) == FILE
    assert len(sent) > 2
    assert max(map(len, sent)) <= 2 * PIECE
    assert closed


@pytest.mark.django_db(transaction=True)
@override_settings(ROOT_URLCONF=__name__)
async def test_words_that_come_one_by_one_all_arrive() -> None:
    assert b"".join(await pieces("/words/")) == b"Hello Cleo"
