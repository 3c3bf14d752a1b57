"""The shapes in which conversations leave the house and requests enter it."""

import json
from typing import Any, Protocol

from django.conf import settings
from django.utils import timezone
from rest_framework import serializers

from .models import Conversation, Customer
from .models.message import MAX_BODY

MAX_NESTED = 100  # lists and objects in a conversation's context


class HandoffOf(Protocol):
    """What `handoff` tells about a conversation's newest handoff, if there was one; without her place in line unless
    `placed`. Passed in like Escalate."""

    def __call__(
        self, conversation: Conversation, *, for_staff: bool, placed: bool = True
    ) -> dict[str, Any] | None: ...


def conversation_json(conversation: Conversation, *, handoff: dict[str, Any] | None) -> dict[str, Any]:
    """A conversation as docs/protocol.md gives it."""
    return {
        "id": str(conversation.pk),
        "status": conversation.status,
        "intent": conversation.intent,
        "context": conversation.context,
        "customer": customer_json(conversation.customer),
        "rating": conversation.rating,
        "close_reason": conversation.close_reason,
        "may_reopen": conversation.may_reopen if conversation.closed_at else False,
        "last_seq": conversation.last_public_seq,
        "agent_seen_seq": conversation.agent_seen_seq,
        "customer_seen_seq": conversation.customer_seen_seq,
        "created_at": conversation.created_at.isoformat().replace("+00:00", "Z"),
        "handoff": handoff,
    }


def customer_json(customer: Customer) -> dict[str, Any]:
    return {
        "id": str(customer.pk),
        "name": customer.name,
        "email": customer.email,
        "external_id": customer.external_id,
        "tier": customer.tier,
        "verified": customer.verified,
    }


class CustomerSerializer(serializers.Serializer[Customer]):
    """Who opens a conversation. `tier` and `external_id` count only when vouched for: signed, or sent by staff."""

    name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    email = serializers.EmailField(required=False, allow_blank=True)
    external_id = serializers.CharField(max_length=120, required=False)
    identity_hash = serializers.CharField(max_length=64, required=False)
    tier = serializers.ChoiceField(Customer.Tier.choices, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        proof = attrs.pop("identity_hash", None)
        external_id = attrs.get("external_id", "")
        vouched = self.context["by_staff"]
        if proof is not None:
            if not external_id or not Customer.proves(external_id, proof):
                raise serializers.ValidationError({"identity_hash": ["This is not the signature of external_id."]})
            vouched = True
        if not vouched:
            attrs.pop("external_id", None)
            attrs.pop("tier", None)
        return attrs | {"vouched": vouched}

    def create(self, validated_data: dict[str, Any]) -> Customer:
        vouched = validated_data.pop("vouched")
        external_id = validated_data.pop("external_id", None)
        if "email" in validated_data:
            # The threat: a signature covers `external_id` alone, so she may put anybody's address beside it.
            validated_data["email_verified"] = self.context["by_staff"] and bool(validated_data["email"])
        if not (vouched and external_id):
            return Customer.objects.create(**validated_data)
        known = Customer.objects.select_for_update().filter(external_id=external_id).first()
        if known and known.email_verified and not self.context["by_staff"]:
            validated_data.pop("email", None)
            validated_data.pop("email_verified", None)
        fields = validated_data | {"verified": True}
        return Customer.objects.update_or_create(external_id=external_id, defaults=fields)[0]


class OpeningSerializer(serializers.Serializer[Conversation]):
    customer = serializers.DictField(required=False, default=dict)
    context = serializers.DictField(required=False, default=dict)  # type: ignore[assignment]  # hides Field.context

    def validate_context(self, value: dict[str, Any]) -> dict[str, Any]:
        try:
            text = json.dumps(value, ensure_ascii=False)
        except RecursionError:
            raise serializers.ValidationError("This is nested too deep.") from None
        if text.count("{") + text.count("[") > MAX_NESTED:  # deeper, and some reader of it would give up
            raise serializers.ValidationError(f"At most {MAX_NESTED} lists and objects.")
        if len(text) > settings.MAX_CONTEXT:
            raise serializers.ValidationError(f"At most {settings.MAX_CONTEXT} characters.")
        # PostgreSQL stores neither NUL nor a lone surrogate.
        if "\\u0000" in text or any("\ud800" <= char <= "\udfff" for char in text):
            raise serializers.ValidationError("This holds characters that cannot be stored.")
        return value


class MessageSerializer(serializers.Serializer[Any]):
    client_id = serializers.UUIDField(required=False)
    # posting.post judges the words, so that a socket and the API refuse the same ones.
    body = serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=MAX_BODY * 2)
    note = serializers.BooleanField(required=False, default=False)


class RatingSerializer(serializers.Serializer[Any]):
    score = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")

    def save_to(self, conversation: Conversation) -> None:
        conversation.rating = self.validated_data["score"]
        conversation.rating_comment = self.validated_data["comment"]
        conversation.rated_at = timezone.now()
        conversation.save(update_fields=["rating", "rating_comment", "rated_at"])
