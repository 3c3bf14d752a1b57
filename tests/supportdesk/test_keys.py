"""The desk's secrets outlive its processes, and are never empty."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from supportdesk.keys import kept_secret


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    made = kept_secret("A_SECRET", tmp_path)
    assert len(made) > 60
    assert kept_secret("A_SECRET", tmp_path) == made
    assert (tmp_path / "a_secret.txt").stat().st_mode & 0o777 == 0o600


def test_processes_that_start_together_share_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as starters:
        assert len(set(starters.map(lambda _: kept_secret("A_SECRET", tmp_path), range(8)))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a_secret.txt"]


def test_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "from the environment")
    assert kept_secret("A_SECRET", tmp_path) == "from the environment"
    assert not list(tmp_path.iterdir())


def test_an_empty_secret_stops_the_desk(tmp_path: Path) -> None:
    (tmp_path / "a_secret.txt").write_text("")
    with pytest.raises(ImproperlyConfigured, match="is empty"):
        kept_secret("A_SECRET", tmp_path)
