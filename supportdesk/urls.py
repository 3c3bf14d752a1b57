"""Every HTTP route of the desk."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from analytics import api as analytics_api
from conversations import api as conversations_api
from handoff.escalation import escalate
from handoff.waits import handoff_of

from . import health

_doors = {"escalate": escalate, "handoff_of": handoff_of}

conversation_api = [
    path("", conversations_api.ConversationView.as_view(**_doors), name="conversation"),
    path("messages/", conversations_api.MessagesView.as_view(**_doors), name="messages"),
    path("escalate/", conversations_api.EscalateView.as_view(**_doors), name="escalate"),
    path("close/", conversations_api.CloseView.as_view(**_doors), name="close"),
    path("reopen/", conversations_api.ReopenView.as_view(**_doors), name="reopen"),
    path("rating/", conversations_api.RatingView.as_view(**_doors), name="rating"),
]

api = [
    path("conversations/", conversations_api.ConversationsView.as_view(), name="conversations"),
    path("conversations/<uuid:conversation_id>/", include(conversation_api)),
    path("analytics/summary/", analytics_api.SummaryView.as_view(), name="summary"),
    path("analytics/metrics/", analytics_api.MetricsView.as_view(), name="metrics"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/", include(api)),
    path("accounts/login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
]
