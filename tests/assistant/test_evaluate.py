"""How Mia measures the classifier on sentences of her own."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db


def evaluate(file: Path, *options: str) -> Any:
    out = StringIO()
    call_command("evaluate", str(file), "--json", *options, stdout=out)
    return json.loads(out.getvalue())


def test_intents_are_counted_class_by_class(tmp_path: Path) -> None:
    file = tmp_path / "intents.csv"
    file.write_text('text,intent\nwhere is my parcel,order_status\n"hello, there",general_inquiry\nhello,complaint\n')
    figures = evaluate(file)
    assert figures["accuracy"] == pytest.approx(0.6667)
    assert figures["classes"]["order_status"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 1}
    assert figures["classes"]["complaint"]["f1"] == 0
    assert figures["macro_f1"] == pytest.approx(0.5556)
    assert 0 < figures["p50_ms"] <= figures["p95_ms"]


def test_yes_and_no_have_the_figures_of_yes(tmp_path: Path) -> None:
    file = tmp_path / "human.csv"
    file.write_text("text,human_request\nI want a human,1\nplease ring the bell,1\nhello,0\nthanks,0\n")
    figures = evaluate(file, "--task", "human_request")
    assert (figures["precision"], figures["recall"], figures["flagged"]) == (1.0, 0.5, 0.25)


def test_frustration_is_measured_too(tmp_path: Path) -> None:
    file = tmp_path / "frustration.csv"
    file.write_text("id,text,frustrated,context\n1,you are useless,1,[]\n2,thanks!,0,[]\n")
    assert evaluate(file, "--task", "frustration")["f1"] == 1.0


def test_a_table_for_people(tmp_path: Path) -> None:
    file = tmp_path / "intents.csv"
    file.write_text("text,intent\nhello,general_inquiry\n")
    out = StringIO()
    call_command("evaluate", str(file), stdout=out)
    assert "general_inquiry" in out.getvalue()
    assert "accuracy 1.0" in out.getvalue()


@pytest.mark.parametrize("content", ["", "text,intent\n", "words,label\na,b\n"])
def test_a_file_without_the_columns_is_refused_in_a_sentence(tmp_path: Path, content: str) -> None:
    file = tmp_path / "odd.csv"
    file.write_text(content)
    with pytest.raises(CommandError, match="needs rows with the columns text and intent"):
        evaluate(file)


def test_a_file_that_is_not_there_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        evaluate(tmp_path / "nothing.csv")
