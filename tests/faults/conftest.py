"""A short-lived broker of a test's own."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .brokers import Broker


@pytest.fixture
def broker() -> "Iterator[Broker]":
    from .brokers import Broker

    with tempfile.TemporaryDirectory(prefix="broker-") as folder:  # a socket's path must be short
        broker = Broker(Path(folder))
        yield broker
        broker.kill()
