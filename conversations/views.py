"""The customer's pages: the chat, the same inside a site's iframe, and the loader that a site puts on its pages."""

from pathlib import Path

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from .models import DeskSettings

SUGGESTIONS = ["Where is my order?", "How do I send something back?", "I have a question about my bill"]


@require_safe
def chat(request: HttpRequest) -> HttpResponse:
    return _chat(request, embedded=False)


@require_safe
@xframe_options_exempt  # frame-ancestors says who may, and every browser that has CSP obeys it instead
@csp_replace({"frame-ancestors": ["'self'", *settings.WIDGET_SITES]})
def embed(request: HttpRequest) -> HttpResponse:
    return _chat(request, embedded=True)


def _chat(request: HttpRequest, *, embedded: bool) -> HttpResponse:
    desk = DeskSettings.current()
    return render(request, "conversations/chat.html", {"desk": desk, "embedded": embedded, "suggestions": SUGGESTIONS})


@require_safe
@cache_control(public=True, max_age=300)
@gzip_page
def widget(request: HttpRequest) -> HttpResponse:
    """The loader keeps its address for ever, so it cannot carry a hash; browsers ask again after five minutes."""
    path = finders.find("conversations/widget.js")
    if path is None:
        raise Http404
    return HttpResponse(Path(path).read_bytes(), content_type="text/javascript; charset=utf-8")
