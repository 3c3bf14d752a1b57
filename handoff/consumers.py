"""The agent's socket."""

from conversations.socket import DeskSocket


class InboxConsumer(DeskSocket):
    frames = frozenset({"hello", "watch", "unwatch", "message", "typing", "read", "ping"})
