"""Every HTTP route of the desk."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import TemplateView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from analytics import api as analytics_api
from analytics import views as analytics_views
from conversations import api as conversations_api
from conversations import help as help_pages
from conversations import views as conversations_views
from handoff import api as handoff_api
from handoff import views as inbox_views
from handoff.escalation import escalate
from handoff.waits import handoff_of

from . import health, pages

_doors = {"escalate": escalate, "handoff_of": handoff_of}

conversation_api = [
    path("", conversations_api.ConversationView.as_view(**_doors), name="conversation"),
    path("messages/", handoff_api.StaffMessagesView.as_view(**_doors), name="messages"),
    path("escalate/", conversations_api.EscalateView.as_view(**_doors), name="escalate"),
    path("close/", handoff_api.StaffCloseView.as_view(**_doors), name="close"),
    path("reopen/", conversations_api.ReopenView.as_view(**_doors), name="reopen"),
    path("rating/", conversations_api.RatingView.as_view(**_doors), name="rating"),
]

handoff_verbs = [
    path("claim/", handoff_api.ClaimView.as_view(), name="claim"),
    path("transfer/", handoff_api.TransferView.as_view(), name="transfer"),
    path("return/", handoff_api.ReturnView.as_view(), name="return"),
    path("resolve/", handoff_api.ResolveView.as_view(), name="resolve"),
]

api: list[URLPattern | URLResolver] = [
    path("conversations/", conversations_api.ConversationsView.as_view(), name="conversations"),
    path("conversations/<uuid:conversation_id>/", include(conversation_api)),
    path("handoffs/", handoff_api.HandoffsView.as_view(), name="handoffs"),
    path("handoffs/next/", handoff_api.NextView.as_view(), name="next"),
    path("handoffs/<uuid:handoff_id>/", include(handoff_verbs)),
    path("analytics/summary/", analytics_api.SummaryView.as_view(), name="summary"),
    path("analytics/conversations/", analytics_api.ConversationsView.as_view(), name="measured-conversations"),
    path("analytics/metrics/", analytics_api.MetricsView.as_view(), name="metrics"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
]

inbox = [
    path("", inbox_views.page, name="inbox"),
    path("list/", inbox_views.rows, name="inbox-list"),
    path("next/", inbox_views.take_next, name="inbox-next"),
    path("presence/", inbox_views.be, name="inbox-presence"),
    path("<uuid:conversation_id>/", inbox_views.page, name="inbox-conversation"),
    path("<uuid:conversation_id>/state/", inbox_views.state, name="inbox-state"),
    path("<uuid:conversation_id>/pass/", inbox_views.receivers, name="inbox-pass"),
    path("<uuid:conversation_id>/<slug:verb>/", inbox_views.act, name="inbox-act"),
]

analytics = [
    path("", analytics_views.page, name="dashboard"),
    path("live/", analytics_views.strip, name="analytics-live"),
    path("conversations/", analytics_views.conversations, name="analytics-conversations"),
    path("conversations/<uuid:conversation_id>/", analytics_views.transcript, name="analytics-conversation"),
]

urlpatterns = [
    path("", TemplateView.as_view(template_name="home.html"), name="home"),
    path("chat/", conversations_views.chat, name="chat"),
    path("chat/embed/", conversations_views.embed, name="embed"),
    path("widget.js", conversations_views.widget, name="widget"),
    path("help/", help_pages.articles, name="articles"),
    path("help/<slug:slug>/", help_pages.article, name="article"),
    path("inbox/", include(inbox)),
    path("analytics/", include(analytics)),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/", include(api)),
    path("accounts/login/", pages.SignIn.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("admin/login/", pages.admin_sign_in),
    path("admin/", admin.site.urls),
]
