"""Cleo gets answers: quoted from the articles, or written by a model, and always with their source."""

from collections.abc import Callable

import pytest

from conversations import assistant
from conversations.assistant.turn import Outcome, Routing
from conversations.lifecycle import Status
from conversations.models import Article, DeskSettings, Intent, Role
from tests.fake_openai import FakeModel, Mode

from .talk import Talk, run

Start = Callable[..., FakeModel]
FALLBACK = "I'm not sure how to help with that. Could you please rephrase?"


@pytest.fixture(autouse=True)
def _articles(db: None) -> None:
    Article.objects.create(
        slug="returns",
        title="Return something",
        body="# How\n\nSend it back within 30 days.\n\n# What it costs\n\nA return label is free.",
    )
    Article.objects.create(slug="washing", title="Wash wool", body="Wash wool by hand, in cold water.")
    Article.objects.create(slug="secret", title="Moon landing", body="We land on the moon.", published=False)


def test_the_best_passage_of_the_best_article_is_quoted_with_its_source(talk: Talk) -> None:
    talk.says("How can I return my jumper? What does the return label cost?")
    assert "A return label is free." in talk.reply
    assert "within 30 days" not in talk.reply
    assert talk.sources == ["/help/returns/"]
    assert talk.conversation.status == Status.WAITING_FOR_INPUT


def test_what_no_article_holds_is_not_made_up(talk: Talk) -> None:
    turn = talk.says("do you rent bicycles for weddings?")
    assert turn.draft is not None
    assert turn.draft.outcome is Outcome.FALLBACK
    assert talk.reply == FALLBACK
    assert talk.conversation.failed_attempts == 1


def test_what_is_not_published_is_not_known(talk: Talk) -> None:
    talk.says("what about the moon landing?")
    assert talk.reply == FALLBACK


def test_an_answer_that_helped_forgets_the_failures_before_it(talk: Talk) -> None:
    talk.says("do you rent bicycles for weddings?")
    talk.says("how do I wash wool?")
    assert talk.conversation.failed_attempts == 0


def test_an_answer_that_did_not_help_is_a_failure_and_not_given_again(talk: Talk) -> None:
    talk.says("how do I wash wool?")
    turn = talk.says("that didn't help")
    assert turn.draft is not None
    assert turn.draft.data["denied"] is True
    assert talk.conversation.failed_attempts == 1
    assert talk.sources == []


def test_a_bare_no_after_an_answer_is_a_failure_too(talk: Talk) -> None:
    talk.says("how do I wash wool?")
    talk.says("no")
    assert talk.conversation.failed_attempts == 1


def test_a_follow_up_is_understood_with_what_she_asked_before(talk: Talk) -> None:
    talk.says("how do I wash wool?")
    talk.says("and how cold?")
    assert "cold water" in talk.reply


def test_thanks_is_no_question(talk: Talk) -> None:
    talk.says("how do I wash wool?")
    talk.says("ok, thank you!")
    assert talk.reply == "You're welcome! Is there anything else?"


def test_a_complaint_is_met_with_an_apology_and_a_person(talk: Talk) -> None:
    talk.says("your staff were so rude to me")
    assert talk.reply.startswith("I'm sorry")
    assert "talk to a person" in talk.reply
    assert talk.conversation.failed_attempts == 0
    talk.says("I was lied to, your company is a joke")
    assert talk.conversation.failed_attempts == 1


def test_a_handler_that_is_gone_leaves_nobody_without_an_answer(talk: Talk) -> None:
    Intent.objects.update(handler="no_such_handler")
    talk.says("how do I wash wool?")
    assert "cold water" in talk.reply


def test_an_admin_chooses_the_words_for_not_knowing(talk: Talk) -> None:
    DeskSettings.objects.update_or_create(pk=1, defaults={"fallback_text": "Come again?"})
    talk.says("xyzzy")
    assert talk.reply == "Come again?"


# --- With a model ---


def test_the_model_writes_the_answer_and_its_pieces_make_it_up(talk: Talk, model: Start) -> None:
    fake = model(intent="support_request 0.9", reply="By hand, in cold water. Never in the machine.")
    turn, pieces = talk.drafts("how do I wash wool?"), list[str]()
    turn.routing = Routing("support_request", "support_request", 0.9, "model")
    draft = run(assistant.draft(turn, pieces.append))
    assert draft.outcome is Outcome.ANSWERED
    assert draft.body == "".join(pieces) == fake.reply
    assert draft.sources == [{"title": "Wash wool", "url": "/help/washing/"}]


def test_a_slow_model_is_heard_while_it_writes(talk: Talk, model: Start) -> None:
    model(mode=Mode.SLOW, pause=0.1, reply="By hand in cold water")
    turn, pieces = talk.drafts("how do I wash wool?"), list[str]()
    turn.routing = Routing("support_request", "support_request", 0.9, "model")
    run(assistant.draft(turn, pieces.append))
    assert len(pieces) > 1


def test_a_model_that_does_not_know_is_not_heard_saying_so(talk: Talk, model: Start) -> None:
    model(reply="UNKNOWN")
    turn, pieces = talk.drafts("do you rent bicycles?"), list[str]()
    turn.routing = Routing("product_inquiry", "product_inquiry", 0.9, "model")
    draft = run(assistant.draft(turn, pieces.append))
    assert (draft.outcome, draft.body, pieces) == (Outcome.FALLBACK, FALLBACK, [])


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode not in (Mode.STREAM, Mode.SLOW, Mode.UNKNOWN_INTENT)])
def test_every_failure_of_the_model_lands_on_a_person(talk: Talk, model: Start, mode: Mode) -> None:
    model(mode=mode, retry_after="60", first_token_timeout=0.5, gap_timeout=0.5)
    turn = talk.says("how do I wash wool?")
    assert turn.draft is not None
    assert turn.draft.outcome is Outcome.FAILED
    assert turn.draft.error.startswith("ModelFailed: ")
    assert talk.conversation.status == Status.ESCALATED
    assert list(talk.conversation.messages.values_list("role", flat=True)) == [Role.CUSTOMER]


def test_a_model_that_stalls_in_mid_reply_is_given_up(talk: Talk, model: Start) -> None:
    model(mode=Mode.SLOW, pause=5, gap_timeout=0.2)
    turn = talk.says("how do I wash wool?")
    assert turn.draft is not None
    assert turn.draft.error == "ModelFailed: the next word did not come within 0.2 s"


def test_orders_are_looked_up_and_never_asked_of_the_model(talk: Talk, model: Start) -> None:
    fake = model(intent="order_status 0.95")
    talk.says("where is my order?")
    assert "order number" in talk.reply
    assert len(fake.requests) == 1
