"""The few statements that every message needs, for one row or for hundreds in one trip, each written once.

Django's compiler takes longer to write one of them than the database takes to do it. What they say still comes out of
the models. Many rows travel as one JSON text, which both databases take apart.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import cache, reduce
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, models, transaction

M = TypeVar("M", bound=models.Model)
Row = dict[str, Any]


def one_trip() -> AbstractContextManager[Any]:
    """What is written in this block goes to the database when something is read, or the transaction ends."""
    if connection.vendor == "postgresql":
        connection.ensure_connection()
        pipeline: AbstractContextManager[Any] = connection.connection.pipeline()
        return pipeline
    return nullcontext()


def hold(model: type[M], keys: Iterable[UUID], names: Sequence[str] = ()) -> Callable[[], list[M]]:
    """Asks for the rows of these keys with these fields (or all), locked until the transaction ends; what it returns
    gives them. They are locked in one order, so that two processes don't wait for each other. (SQLite has no row locks:
    there the transaction, being IMMEDIATE, holds the whole database.)"""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A row's lock is held until its transaction ends: open one first.")
    names = tuple(name for name in _all(model) if name in names) if names else _all(model)  # in the order of from_db
    return _ask(model, _hold(model, names), names, [{"id": key} for key in keys])


def find(model: type[M], wanted: Sequence[Row]) -> Callable[[], list[M]]:
    """Asks for the rows that equal one of `wanted` in all the fields it names, the same in each."""
    if not wanted:
        return list
    return _ask(model, _find(model, tuple(wanted[0])), _all(model), wanted)


def insert(rows: Sequence[models.Model]) -> None:
    """Saves new rows of one model. What the database numbers itself is not read back."""
    if rows:
        names = tuple(name for name in _all(type(rows[0])) if not _is_numbered(rows[0], name))
        _execute(_insert(type(rows[0]), names), _rows(rows, names))


def update(rows: Sequence[models.Model], names: Iterable[str]) -> None:
    """Writes these fields of rows of one model."""
    if rows:
        names = tuple(dict.fromkeys(("id", *names)))
        _execute(_update(type(rows[0]), names), _rows(rows, names))


# --- What they say -------------------------------------------------------------------------------------------------


@cache
def _hold(model: type[models.Model], names: tuple[str, ...]) -> str:
    columns, given = ", ".join(_column(model, name) for name in names), _given(model, ("id",))
    lock = "FOR UPDATE" if connection.features.has_select_for_update else ""
    return f"SELECT {columns} FROM {_table(model)} WHERE id IN (SELECT id FROM {given}) ORDER BY id {lock}"  # noqa: S608


@cache
def _find(model: type[models.Model], names: tuple[str, ...]) -> str:
    columns = ", ".join(f"{_table(model)}.{_column(model, name)}" for name in _all(model))
    same = " AND ".join(f"{_table(model)}.{_column(model, name)} = given.{_column(model, name)}" for name in names)
    return f"SELECT {columns} FROM {_given(model, names)} JOIN {_table(model)} ON {same}"  # noqa: S608


@cache
def _insert(model: type[models.Model], names: tuple[str, ...]) -> str:
    columns = ", ".join(_column(model, name) for name in names)
    return f"INSERT INTO {_table(model)} ({columns}) SELECT {columns} FROM {_given(model, names)}"  # noqa: S608


@cache
def _update(model: type[models.Model], names: tuple[str, ...]) -> str:
    sets = ", ".join(f"{_column(model, name)} = given.{_column(model, name)}" for name in names if name != "id")
    return f"UPDATE {_table(model)} SET {sets} FROM {_given(model, names)} WHERE {_table(model)}.id = given.id"  # noqa: S608


def _given(model: type[models.Model], names: Iterable[str]) -> str:
    """The rows of the JSON text, as a table called `given`."""
    columns = {name: _column(model, name) for name in names}
    if connection.vendor == "postgresql":
        typed = ", ".join(f"{column} {_field(model, name).db_type(connection)}" for name, column in columns.items())
        return f"json_to_recordset(%s::json) AS given({typed})"
    parts = ", ".join(f"json_extract(value, '$.{name}') AS {column}" for name, column in columns.items())
    return f"(SELECT {parts} FROM json_each(%s)) AS given"  # noqa: S608


# --- How they are said -----------------------------------------------------------------------------------------------


def _ask(model: type[M], sql: str, names: tuple[str, ...], given: Sequence[Row]) -> Callable[[], list[M]]:
    cursor = _execute(sql, given)

    def rows() -> list[M]:
        with connection.wrap_database_errors:
            found = cursor.fetchall()
        converters, loaded = _converters(model, names), frozenset(names)
        return [model.from_db(connection.alias, loaded, list(map(_call, converters, row))) for row in found]

    return rows


def _execute(sql: str, given: Sequence[Row]) -> Any:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            # Not Django's cursor, which writes the values into the text: this text is planned once a connection.
            return connection.Database.Cursor(connection.connection).execute(sql, [_encode(given)], prepare=True)
        return connection.connection.execute(sql.replace("%s", "?"), [_encode(given)])


def _call(convert: Callable[[Any], Any], value: Any) -> Any:
    return convert(value)


def _rows(rows: Iterable[models.Model], names: Iterable[str]) -> list[Row]:
    return [{name: getattr(row, name) for name in names} for row in rows]


def _plain(value: Any) -> str:
    """As both databases read it, and SQLite keeps it."""
    match value:
        case UUID():
            return value.hex
        case datetime():
            return str(value.astimezone(UTC).replace(tzinfo=None))  # the connection's zone is UTC
    raise TypeError(f"{type(value).__name__} cannot be written here")


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain).encode


@cache
def _converters(model: type[models.Model], names: tuple[str, ...]) -> list[Callable[[Any], Any]]:
    """What makes of a column's value the field's, one for each of `names`."""

    def converter(name: str) -> Callable[[Any], Any]:
        expression = _field(model, name).get_col(model._meta.db_table)
        steps = [*connection.ops.get_db_converters(expression), *expression.get_db_converters(connection)]
        if not steps:
            return lambda value: value
        return lambda value: reduce(lambda so_far, step: step(so_far, expression, connection), steps, value)

    return [converter(name) for name in names]


# --- What the models say ---------------------------------------------------------------------------------------------


@cache
def _all(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields)


def _is_numbered(row: models.Model, name: str) -> bool:
    return isinstance(_field(type(row), name), models.AutoField)


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _column(model: type[models.Model], name: str) -> str:
    return connection.ops.quote_name(_field(model, name).column)
