"""How the OpenAPI schema describes the ways to sign in; api.py imports it, which registers it."""

from typing import TYPE_CHECKING, Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema


class WaysIn(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its metaclass registers it, untyped
    target_class = "conversations.actors.BearerAuthentication"
    name = ["customer", "staff", "session"]

    def get_security_requirement(self, auto_schema: "AutoSchema") -> list[dict[str, list[Any]]]:
        return [{name: []} for name in self.name]  # any of them, not all

    def get_security_definition(self, auto_schema: "AutoSchema") -> list[dict[str, Any]]:
        staff = "`Token <key>`, issued in the admin."
        return [
            {"type": "http", "scheme": "bearer", "description": "The token that opening a conversation returned."},
            {"type": "apiKey", "in": "header", "name": "Authorization", "description": staff},
            {"type": "apiKey", "in": "cookie", "name": "desk_session"},
        ]
