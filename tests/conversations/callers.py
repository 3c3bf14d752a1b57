"""Who calls the REST API in a test: somebody with an HTTP client, and what she shows at the door."""

from typing import Any

from django.test import Client

OPEN = "/api/v1/conversations/"
Json = dict[str, Any]


class Caller:
    """Somebody with an HTTP client: `authorization` is the header, or nothing."""

    def __init__(self, authorization: str = "") -> None:
        self.client = Client(headers={"Authorization": authorization} if authorization else {})

    def get(self, url: str, **query: Any) -> Any:
        return self.client.get(url, query)

    def post(self, url: str, body: Any = None) -> Any:
        return self.client.post(url, body if body is not None else {}, content_type="application/json")
