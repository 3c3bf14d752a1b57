"""Every socket's route; the doors are handed what `conversations` needs from `handoff`."""

from django.urls import path

from conversations.consumers import CustomerConsumer
from handoff.consumers import InboxConsumer
from handoff.escalation import escalate
from handoff.waits import handoff_of

websocket_urlpatterns = [
    path("ws/chat/<uuid:conversation_id>/", CustomerConsumer.as_asgi(escalate=escalate, handoff_of=handoff_of)),
    path("ws/inbox/", InboxConsumer.as_asgi()),
]
