"""One seeded history for all tests that only read it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction


@pytest.fixture(scope="module")
def _history(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    from .history import seed  # models may be imported only once Django is set up

    with django_db_blocker.unblock(), transaction.atomic():
        yield seed()
        transaction.set_rollback(True)


@pytest.fixture
def told(_history: str, django_db_blocker: Any) -> Iterator[str]:
    """What the command said when it wrote the history that is there now."""
    with django_db_blocker.unblock():
        yield _history
