"""Who else looks on: told by her socket when she comes and goes, and forgotten when it falls silent."""

from handoff.viewers import LASTS, Viewers


def test_who_falls_silent_is_forgotten_and_said_once() -> None:
    viewers = Viewers()
    assert viewers.hear({"viewer": "2", "name": "Ben", "state": "came"}, now=0.0)
    assert not viewers.hear({"viewer": "2", "name": "Ben", "state": "here"}, now=30.0)
    assert not viewers.forget_silent(now=LASTS)
    assert viewers.names() == ["Ben"]
    assert viewers.forget_silent(now=30.0 + LASTS)
    assert not viewers.forget_silent(now=31.0 + LASTS)
    assert viewers.names() == []
    assert not viewers.hear({"viewer": "2", "name": "Ben", "state": "left"}, now=200.0)
