"""The composition root: it wires, it never decides."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class SupportdeskConfig(AppConfig):
    name = "supportdesk"

    def ready(self) -> None:
        from .roles import make_groups

        post_migrate.connect(make_groups, sender=apps.get_app_config("conversations"))
