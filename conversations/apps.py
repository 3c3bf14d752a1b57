"""What is said, by whom, and what state the talk is in."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"
