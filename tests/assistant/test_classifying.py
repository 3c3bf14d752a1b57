"""What Cleo wants, understood with a model and without."""

from collections.abc import Callable

import pytest

from conversations.assistant import fresh, route
from conversations.assistant.shipped import HUMAN
from conversations.models import DeskSettings, Example, Intent
from tests.fake_openai import FakeModel, Mode

from .talk import Talk, run

Start = Callable[..., FakeModel]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("any news on my parcel?", "order_status"),
        ("what does the large one cost", "product_inquiry"),
        ("my password doesn't work", "support_request"),
        ("you charged me twice", "billing_question"),
        ("hello!", "general_inquiry"),
        ("I want to complain about your rude staff", "complaint"),
        ("let me speak to a person", "human_agent"),
    ],
)
def test_without_a_model_each_intent_is_recognised(talk: Talk, text: str, intent: str) -> None:
    routing = run(route(talk.drafts(text)))
    assert (routing.intent, routing.handler, routing.engine) == (intent, intent, "local")


def test_nonsense_is_below_the_floor_and_falls_to_the_default(talk: Talk) -> None:
    routing = run(route(talk.drafts("xyzzy plugh")))
    assert (routing.intent, routing.handler) == ("general_inquiry", "general_inquiry")
    assert "the floor is 0.25" in routing.why


def test_an_admin_may_raise_the_floor(talk: Talk) -> None:
    DeskSettings.objects.update_or_create(pk=1, defaults={"confidence_floor": 1.0})
    assert run(route(talk.drafts("where is my parcel"))).intent == "general_inquiry"


def test_an_intent_that_is_switched_off_is_never_chosen(talk: Talk) -> None:
    Intent.objects.filter(name="order_status").update(active=False)
    assert run(route(talk.drafts("where is my order"))).intent != "order_status"


def test_a_person_cannot_be_the_intent_while_that_is_switched_off(talk: Talk) -> None:
    Intent.objects.filter(name="human_agent").update(active=False)
    assert run(route(talk.drafts("I want to talk to a person"))).intent != "human_agent"


def test_a_new_intent_is_understood_as_soon_as_it_has_examples(talk: Talk) -> None:
    assert run(route(talk.drafts("can my sheep be shorn here"))).intent != "shearing"
    intent = Intent.objects.create(name="shearing", title="Shearing", handler="product_inquiry")
    for text in ("do you shear sheep", "when is shearing day", "shear my two sheep please", "book a shearing"):
        Example.objects.create(intent=intent, text=text)
    fresh.expire_all()
    routing = run(route(talk.drafts("can my sheep be shorn or sheared here")))
    assert (routing.intent, routing.handler) == ("shearing", "product_inquiry")


def test_an_edit_is_seen_after_a_second() -> None:
    rows = ["before"]
    kept = fresh.Fresh(lambda: list(rows), lambda read: read[0])
    assert kept.get(now=10.0) == "before"
    rows[0] = "after"
    assert kept.get(now=10.5) == "before"
    assert kept.get(now=11.0) == "after"


def test_a_desk_without_intents_still_answers(talk: Talk) -> None:
    Intent.objects.all().delete()
    turn = talk.says("hello")
    assert turn.routing is not None
    assert turn.routing.intent == ""
    assert talk.reply == "Hello! What can I do for you?"


def test_asking_what_she_talks_to_is_not_asking_for_a_person(talk: Talk) -> None:
    talk.says("are you a real person?")
    assert "not a person" in talk.reply


# --- With a model ---


def test_the_model_decides(talk: Talk, model: Start) -> None:
    fake = model(intent="billing_question 0.87")
    routing = run(route(talk.drafts("hm, about the thing from March")))
    assert (routing.intent, routing.handler, routing.confidence) == ("billing_question", "billing_question", 0.87)
    assert routing.engine == "model"
    asked = fake.requests[0]
    assert asked["temperature"] == 0
    assert asked["max_tokens"] <= 20


@pytest.mark.parametrize("answer", ['{"intent": "complaint", "confidence": 0.8}', "complaint: .8", "Complaint (0.80)"])
def test_the_model_may_put_its_answer_as_it_likes(talk: Talk, model: Start, answer: str) -> None:
    model(intent=answer)
    routing = run(route(talk.drafts("hm")))
    assert (routing.intent, routing.confidence) == ("complaint", 0.8)


def test_a_name_nobody_knows_falls_to_the_default(talk: Talk, model: Start) -> None:
    model(classify_mode=Mode.UNKNOWN_INTENT)
    routing = run(route(talk.drafts("will it rain?")))
    assert (routing.intent, routing.engine) == ("general_inquiry", "model")
    assert "weather_forecast" in routing.why


def test_the_model_cannot_choose_what_is_switched_off(talk: Talk, model: Start) -> None:
    Intent.objects.filter(name="complaint").update(active=False)
    model(intent="complaint 0.99")
    assert run(route(talk.drafts("you were rude"))).intent == "general_inquiry"


def test_a_model_that_is_unsure_does_not_act(talk: Talk, model: Start) -> None:
    model(intent="complaint 0.10")
    assert run(route(talk.drafts("hm"))).intent == "general_inquiry"


@pytest.mark.parametrize("mode", [Mode.BUSY, Mode.BROKEN, Mode.SILENT, Mode.MALFORMED, Mode.EMPTY])
def test_when_the_model_fails_the_local_classifier_stands_in(talk: Talk, model: Start, mode: Mode) -> None:
    model(classify_mode=mode, retry_after="60", classify_timeout=0.5)
    routing = run(route(talk.drafts("you charged me twice")))
    assert (routing.intent, routing.engine) == ("billing_question", "local")
    assert routing.why.startswith("stands in for the model (")


@pytest.mark.parametrize(("answer", "intent"), [("human_agent 0.60", "general_inquiry"), ("human_agent 0.95", HUMAN)])
def test_a_model_that_takes_a_question_for_a_wish_is_corrected_unless_it_is_sure(
    talk: Talk, model: Start, answer: str, intent: str
) -> None:
    model(intent=answer)
    assert run(route(talk.drafts("are you a real person?"))).intent == intent


def test_an_intent_may_be_named_with_capitals(talk: Talk, model: Start) -> None:
    Intent.objects.create(name="Shearing", title="Shearing", handler="product_inquiry")
    fresh.expire_all()
    model(intent="Shearing 0.90")
    assert run(route(talk.drafts("hm"))).intent == "Shearing"
