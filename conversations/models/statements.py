"""The few statements that every message needs, for one row or for hundreds in one trip, each written once.

Django's compiler takes longer to write one of them than the database takes to do it. What they say still comes out of
the models.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC
from functools import cache, reduce
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, models, transaction

MOST_ROWS = 256  # a statement

#: PostgreSQL makes the plans once, maybe while the tables are still small enough to be read from end to end.
PLAN_BY_INDEX = "SELECT " + ", ".join(
    f"set_config('enable_{way}', 'off', true)" for way in ("seqscan", "hashjoin", "mergejoin")
)

M = TypeVar("M", bound=models.Model)
Convert = Callable[[Any], Any]


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
    if connection.vendor == "postgresql":
        _execute(PLAN_BY_INDEX, [])
    names = tuple(name for name in _all(model) if name in names) if names else _all(model)  # in the order of from_db
    given = _filled([(key,) for key in keys])
    return _ask(model, _hold(model, names, len(given)), names, _values(model, ("id",), given))


def find(model: type[M], names: tuple[str, ...], wanted: Sequence[tuple[Any, ...]]) -> Callable[[], list[M]]:
    """Asks for the rows whose fields `names` have one of the `wanted` values."""
    if not wanted:
        return list
    given = _filled(wanted)
    return _ask(model, _find(model, names, len(given)), _all(model), _values(model, names, given))


def insert(rows: Sequence[models.Model]) -> None:
    """Saves new rows of one model. What the database numbers itself is not read back."""
    if rows:
        names = tuple(name for name in _all(type(rows[0])) if not _is_numbered(rows[0], name))
        _write(_insert, rows, names)


def update(rows: Sequence[models.Model], names: Iterable[str]) -> None:
    """Writes these fields of rows of one model."""
    if rows:
        _write(_update, rows, ("id", *(name for name in names if name != "id")))


# --- What they say -------------------------------------------------------------------------------------------------


@cache
def _hold(model: type[models.Model], names: tuple[str, ...], rows: int) -> str:
    columns = ", ".join(_columns(model, names))
    lock = "FOR UPDATE" if connection.features.has_select_for_update else ""
    return _marked(f"SELECT {columns} FROM {_table(model)} WHERE id IN ({_marks(rows)}) ORDER BY id {lock}")  # noqa: S608


@cache
def _find(model: type[models.Model], names: tuple[str, ...], rows: int) -> str:
    columns, own, given = ", ".join(_columns(model, _all(model))), _table(model), _given(model, names, rows)
    same = " AND ".join(f"{own}.{name} = given.column{at}" for at, name in enumerate(_columns(model, names), 1))
    # A join, for SQLite uses no index to find pairs IN others.
    return _marked(f"SELECT {columns} FROM ({given}) AS given JOIN {own} ON {same}")  # noqa: S608


@cache
def _insert(model: type[models.Model], names: tuple[str, ...], rows: int) -> str:
    columns = ", ".join(_columns(model, names))
    return _marked(f"INSERT INTO {_table(model)} ({columns}) {_given(model, names, rows)}")


@cache
def _update(model: type[models.Model], names: tuple[str, ...], rows: int) -> str:
    # The columns of VALUES are called so by both databases.
    sets = ", ".join(f"{name} = given.column{at}" for at, name in enumerate(_columns(model, names), 1) if at > 1)
    given, own = _given(model, names, rows), _table(model)
    return _marked(f"UPDATE {own} SET {sets} FROM ({given}) AS given WHERE {own}.id = given.column1")  # noqa: S608


def _given(model: type[models.Model], names: tuple[str, ...], rows: int) -> str:
    first = ", ".join(f"CAST(%s AS {kind})" if (kind := _cast(model, name)) else "%s" for name in names)
    others = [_marks(len(names))] * (rows - 1)
    return "VALUES " + ", ".join(f"({row})" for row in (first, *others))


def _cast(model: type[models.Model], name: str) -> str:
    """PostgreSQL takes a column's type from its first row."""
    return _field(model, name).db_type(connection) if connection.vendor == "postgresql" else ""


def _marks(many: int) -> str:
    return ", ".join(["%s"] * many)


def _marked(sql: str) -> str:
    """With the driver's own marks for values."""
    if connection.vendor == "postgresql":
        number = count(1)
        return re.sub("%s", lambda mark: f"${next(number)}", sql)
    return sql.replace("%s", "?")


# --- How they are said ---------------------------------------------------------------------------------------------


def _ask(model: type[M], sql: str, names: tuple[str, ...], values: list[Any]) -> Callable[[], list[M]]:
    cursor = _execute(sql, values)

    def rows() -> list[M]:
        with connection.wrap_database_errors:
            found = cursor.fetchall()
        convert, loaded = _from_database(model, names), frozenset(names)
        return [model.from_db(connection.alias, loaded, list(map(_call, convert, row))) for row in found]

    return rows


def _write(statement: Callable[..., str], rows: Sequence[models.Model], names: tuple[str, ...]) -> None:
    for some in _in_powers_of_two(rows):
        given = [[getattr(row, name) for name in names] for row in some]
        _execute(statement(type(rows[0]), names, len(some)), _values(type(rows[0]), names, given))


def _execute(sql: str, values: list[Any]) -> Any:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            # Not Django's cursor, which writes the values into the text: this text is planned once a connection.
            psycopg: Any = connection.Database  # type: ignore[attr-defined]  # the driver's module
            return psycopg.RawCursor(connection.connection).execute(sql, values, prepare=True)
        return connection.connection.execute(sql, values)


def _in_powers_of_two(rows: Sequence[M]) -> Iterator[Sequence[M]]:
    """So that there are few statements to plan."""
    at = 0
    while left := len(rows) - at:
        many = min(MOST_ROWS, 1 << (left.bit_length() - 1))
        yield rows[at : at + many]
        at += many


def _filled(given: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The same, with the last one repeated up to a power of two: where a repetition changes nothing."""
    return [*given, *[given[-1]] * ((1 << (len(given) - 1).bit_length()) - len(given))]


def _values(model: type[models.Model], names: tuple[str, ...], given: Iterable[Sequence[Any]]) -> list[Any]:
    convert = _to_database(model, names)
    return [value if value is None else step(value) for row in given for step, value in zip(convert, row, strict=True)]


@cache
def _to_database(model: type[models.Model], names: tuple[str, ...]) -> list[Convert]:
    return [_as_stored(_field(model, name)) for name in names]


def _as_stored(field: Any) -> Convert:
    on_sqlite = connection.vendor == "sqlite"
    match field.target_field if field.remote_field else field:
        case models.UUIDField():
            return (lambda key: key.hex) if on_sqlite else _same
        case models.DateTimeField():
            return (lambda moment: str(moment.astimezone(UTC).replace(tzinfo=None))) if on_sqlite else _same
        case models.JSONField():
            return json.dumps
        case models.CharField() | models.TextField():
            return str  # of a choice, its value
    return _same


@cache
def _from_database(model: type[models.Model], names: tuple[str, ...]) -> list[Convert]:
    def converter(name: str) -> Convert:
        expression = _field(model, name).get_col(model._meta.db_table)
        steps = [*connection.ops.get_db_converters(expression), *expression.get_db_converters(connection)]
        if not steps:
            return _same
        return lambda value: reduce(lambda so_far, step: step(so_far, expression, connection), steps, value)

    return [converter(name) for name in names]


def _same(value: Any) -> Any:
    return value


def _call(step: Convert, value: Any) -> Any:
    return step(value)


# --- What the models say -------------------------------------------------------------------------------------------


@cache
def _all(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields)


def _is_numbered(row: models.Model, name: str) -> bool:
    return isinstance(_field(type(row), name), models.AutoField)


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _columns(model: type[models.Model], names: Iterable[str]) -> list[str]:
    return [connection.ops.quote_name(_field(model, name).column) for name in names]
