"""The six statuses of a conversation and the moves between them; pure data, drawn in docs/lifecycle.md."""

from typing import Final

from django.db import models


class Status(models.TextChoices):
    ACTIVE = "active", "Active"  # open, nobody owes a reply
    PROCESSING = "processing", "Processing"  # the assistant owes a reply
    WAITING_FOR_INPUT = "waiting_for_input", "Waiting for input"  # the customer's turn
    IDLE = "idle", "Idle"  # silent past the timeout, reminded once
    ESCALATED = "escalated", "Escalated"  # a person owes or holds it
    CLOSED = "closed", "Closed"


class Reason(models.TextChoices):
    """Why a conversation moved; escalations carry the reason of their rule instead."""

    OPENED = "opened", "Conversation opened"
    ASKED = "asked", "The customer wrote"
    ANSWERED = "answered", "The assistant answered"
    SILENT = "silent", "No activity"
    RETURNED = "returned", "Handed back to the assistant"
    REOPENED = "reopened", "Reopened"
    RESOLVED = "resolved", "Resolved"
    CUSTOMER_LEFT = "customer_left", "The customer ended it"
    INACTIVITY = "inactivity", "Closed due to inactivity"
    MAX_AGE = "max_age", "Closed after the longest time a conversation may last"


_S = Status

TRANSITIONS: Final[dict[Status, frozenset[Status]]] = {
    _S.ACTIVE: frozenset({_S.PROCESSING, _S.ESCALATED, _S.IDLE, _S.CLOSED}),
    _S.PROCESSING: frozenset({_S.WAITING_FOR_INPUT, _S.ESCALATED, _S.CLOSED}),
    _S.WAITING_FOR_INPUT: frozenset({_S.PROCESSING, _S.IDLE, _S.ESCALATED, _S.CLOSED}),
    _S.IDLE: frozenset({_S.PROCESSING, _S.ESCALATED, _S.CLOSED}),
    _S.ESCALATED: frozenset({_S.ACTIVE, _S.CLOSED}),
    _S.CLOSED: frozenset({_S.ACTIVE}),
}

#: Statuses in which it is the customer's turn: only then does the idle clock run.
CUSTOMERS_TURN: Final = (Status.ACTIVE, Status.WAITING_FOR_INPUT)

#: Statuses in which the assistant, not a person, is in charge.
ASSISTANTS: Final = (Status.ACTIVE, Status.PROCESSING, Status.WAITING_FOR_INPUT, Status.IDLE)


class IllegalMove(Exception):
    """The conversation's status does not allow this move (any more)."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__(f"a conversation that is {old} cannot become {new}")
        self.old, self.new = old, new
