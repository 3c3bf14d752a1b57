"""The composition root: it wires, it never decides."""

from django.apps import AppConfig


class SupportdeskConfig(AppConfig):
    name = "supportdesk"
