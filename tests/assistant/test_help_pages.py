"""The help pages that anyone may read."""

import pytest
from django.test import Client

from conversations.help import markdown
from conversations.models import Article


@pytest.fixture(autouse=True)
def _articles(db: None) -> None:
    Article.objects.create(slug="returns", title="Return something", body="Within **30 days**.")
    Article.objects.create(slug="draft", title="A draft", body="Not yet.", published=False)


def test_anyone_reads_a_published_article(client: Client) -> None:
    page = client.get("/help/returns/").content.decode()
    assert "<h1>Return something</h1>" in page
    assert "<strong>30 days</strong>" in page


def test_what_is_not_published_is_not_there(client: Client) -> None:
    assert client.get("/help/draft/").status_code == 404
    assert "A draft" not in client.get("/help/").content.decode()
    assert "Return something" in client.get("/help/").content.decode()


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "[click](JaVaScRiPt:alert(1))",
        "[click](data:text/html;base64,PHNjcmlwdD4=)",
        "[click](vbscript:x)",
        "[click](&#106;avascript:alert(1))",
        "<javascript:alert(1)>",
    ],
)
def test_an_article_cannot_carry_script(text: str) -> None:
    html = markdown(text).lower()
    assert "<script" not in html
    assert "<img" not in html
    assert "href" not in html


@pytest.mark.parametrize("url", ["https://example.com/a", "/help/returns/", "mailto:us@example.com", "#top"])
def test_plain_links_lead_somewhere(url: str) -> None:
    assert f'href="{url}"' in markdown(f"[there]({url})")
