"""When a person is needed, which person, how soon."""

from django.apps import AppConfig


class HandoffConfig(AppConfig):
    name = "handoff"
