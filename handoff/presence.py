"""Who takes work: the switch an agent sets, and the heartbeat of her open inbox."""

from datetime import datetime

from conversations import live

from .models import Agent
from .waits import refresh_line


def seen(agent: Agent, now: datetime) -> None:
    """An inbox of hers is open."""
    was_there = agent.is_there(now)
    agent.last_seen_at = now
    Agent.objects.filter(pk=agent.pk).update(last_seen_at=now)
    if agent.is_there(now) and not was_there:
        refresh_line()


def switch(agent: Agent, presence: Agent.Presence) -> None:
    """She says whether she takes work."""
    agent.presence = presence
    if Agent.objects.filter(pk=agent.pk).exclude(presence=presence).update(presence=presence):
        live.announce_queue()
        refresh_line()
