"""The statements that every message needs find their rows by an index, however many there are and whenever planned."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from conversations import posting
from conversations.models import Conversation, Message, statements

pytestmark = pytest.mark.django_db(transaction=True)


def plans_of(statement: str, values: list[Any]) -> str:
    if connection.vendor == "postgresql":
        psycopg: Any = connection.Database  # type: ignore[attr-defined]  # the driver's module
        rows = psycopg.RawCursor(connection.connection).execute(f"EXPLAIN {statement}", values).fetchall()
    else:
        rows = connection.connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
    return "\n".join(str(row[-1]) for row in rows)


@pytest.mark.parametrize("many", [1, 40])
def test_no_table_is_read_from_end_to_end(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    plans: list[str] = []
    execute = statements._execute

    def explain(sql: str, values: list[Any]) -> Any:
        if values:
            plans.append(plans_of(sql, values))
        return execute(sql, values)

    monkeypatch.setattr(statements, "_execute", explain)
    keys = [uuid4() for _ in range(many)]
    with transaction.atomic():
        statements.hold(Conversation, [conversation.pk, *keys], posting.COLUMNS)()
        statements.find(Message, ("client_id", "conversation_id"), [(key, conversation.pk) for key in keys])()
        statements.update([conversation], ["preview"])
    assert len(plans) == 3
    read = "Seq Scan" if connection.vendor == "postgresql" else "SCAN conversations_"
    assert [plan for plan in plans if read in plan] == []


def test_many_rows_are_written_as_one_is(conversation: Conversation) -> None:
    """More than one statement takes, and no power of two."""
    many = statements.MOST_ROWS * 2 + 77
    with transaction.atomic():
        statements.insert(
            [
                Message(conversation=conversation, seq=seq, role="customer", body=f"ünï {seq}", data={"n": [seq, None]})
                for seq in range(1, many + 1)
            ]
        )
    kept = list(Message.objects.filter(conversation=conversation).order_by("seq"))
    assert [(one.seq, one.body, one.data, one.client_id) for one in kept] == [
        (seq, f"ünï {seq}", {"n": [seq, None]}, None) for seq in range(1, many + 1)
    ]


def test_a_row_that_is_held_is_what_the_orm_reads(conversation: Conversation) -> None:
    with transaction.atomic():
        (held,) = statements.hold(Conversation, [conversation.pk])()
        (part,) = statements.hold(Conversation, [conversation.pk], ("status", "id", "last_seq"))()
    fresh = Conversation.objects.get(pk=conversation.pk)
    fields = [field.attname for field in Conversation._meta.concrete_fields]
    assert [getattr(held, name) for name in fields] == [getattr(fresh, name) for name in fields]
    assert (part.pk, part.status, part.get_deferred_fields() & {"status", "last_seq"}) == (fresh.pk, "active", set())
