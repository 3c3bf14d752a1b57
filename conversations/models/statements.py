"""The few statements that every message needs, each written once.

Django's compiler takes longer to write one of them than the database takes to do it: 1.3 ms of a message's 1.6 ms. What
they say still comes out of the models.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models, transaction

M = TypeVar("M", bound=models.Model)


def fetch(model: type[M], *, lock: bool = False, **values: Any) -> M | None:
    """The row that has these values, its lock held until the transaction ends. (SQLite has no row locks: there the
    transaction, being IMMEDIATE, holds the whole database.)"""
    if lock and not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A row's lock is held until its transaction ends: open one first.")
    sql = _select(model, tuple(values), lock and connection.features.has_select_for_update)
    found = model._default_manager.raw(sql, _prepared(model, values))
    return next(iter(found), None)


def insert(row: models.Model, *, unless_known: tuple[str, ...]) -> bool:
    """Saves a new row. False: there is one with the same values of `unless_known`, which are unique together."""
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in row._meta.concrete_fields]
    if not _execute(_insert(type(row), unless_known), values):
        return False
    row._state.adding, row._state.db = False, connection.alias
    return True


def update(row: models.Model, changes: dict[str, Any]) -> None:
    """Sets these values, in the row and in the database."""
    for name, value in changes.items():
        setattr(row, name, value)
    values = [*_prepared(type(row), changes), *_prepared(type(row), {"pk": row.pk})]
    _execute(_update(type(row), tuple(changes)), values)


@cache
def _select(model: type[models.Model], names: Iterable[str], lock: bool) -> str:
    where = " AND ".join(f"{_column(model, name)} = %s" for name in names)
    return f"SELECT * FROM {_table(model)} WHERE {where}" + (" FOR UPDATE" if lock else "")  # noqa: S608


@cache
def _insert(model: type[models.Model], unless_known: tuple[str, ...]) -> str:
    columns = [_column(model, field.attname) for field in model._meta.concrete_fields]
    known = ", ".join(_column(model, name) for name in unless_known)
    values = ", ".join(["%s"] * len(columns))
    return (
        f"INSERT INTO {_table(model)} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608
        f" ON CONFLICT ({known}) DO NOTHING"
    )


@cache
def _update(model: type[models.Model], names: Iterable[str]) -> str:
    sets = ", ".join(f"{_column(model, name)} = %s" for name in names)
    return f"UPDATE {_table(model)} SET {sets} WHERE {_column(model, 'pk')} = %s"  # noqa: S608


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _column(model: type[models.Model], name: str) -> str:
    return connection.ops.quote_name(_field(model, name).column)


def _prepared(model: type[models.Model], values: dict[str, Any]) -> list[Any]:
    return [_field(model, name).get_db_prep_save(value, connection) for name, value in values.items()]


@cache
def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.pk if name == "pk" else model._meta.get_field(name)


def _execute(sql: str, values: list[Any]) -> int:
    """Returns the number of rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)
