"""The public help pages: what the assistant quotes, for anyone to read."""

from functools import cache
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from .models import Article, DeskSettings

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


@require_safe
def articles(request: HttpRequest) -> HttpResponse:
    shown = {"desk": DeskSettings.current(), "articles": Article.objects.published()}
    return render(request, "conversations/articles.html", shown)


@require_safe
def article(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Article.objects.published(), slug=slug)
    shown = {"desk": DeskSettings.current(), "article": found, "body": markdown(found.body)}
    return render(request, "conversations/article.html", shown)


def markdown(text: str) -> SafeString:
    """Markdown as HTML. HTML in it stays text, and links lead only to http, https, mailto and this site."""
    renderer = _renderer()
    tokens = renderer.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):  # below the page's own, which is the title
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
    html: str = renderer.renderer.render(tokens, renderer.options, {})
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
