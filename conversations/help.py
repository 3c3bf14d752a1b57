"""The public help pages: what the assistant quotes, for anyone to read."""

from functools import cache
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import SafeString, mark_safe

from .models import Article

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


def articles(request: HttpRequest) -> HttpResponse:
    return render(request, "conversations/articles.html", {"articles": Article.objects.published()})


def article(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Article.objects.published(), slug=slug)
    return render(request, "conversations/article.html", {"article": found, "body": markdown(found.body)})


def markdown(text: str) -> SafeString:
    """Markdown as HTML. HTML in it stays text, and links lead only to http, https, mailto and this site."""
    html: str = _renderer().render(text)
    return mark_safe(html)  # noqa: S308  # html=False: every tag in it is the renderer's own


@cache
def _renderer() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # only who reads an article pays for it

    renderer = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    renderer.validateLink = _is_safe  # type: ignore[method-assign]  # its documented way to be stricter
    return renderer


def _is_safe(url: str) -> bool:
    scheme, colon, _ = url.strip().lower().partition(":")
    return not colon or scheme in ("http", "https", "mailto") or any(mark in scheme for mark in "/?#")
