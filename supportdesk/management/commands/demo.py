"""Fills a desk with a fictional shop to try it with; what is there already stays as it is."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from conversations import live
from conversations.models import Conversation
from supportdesk.demo import past, shop, staff


class Command(BaseCommand):
    help = "Opens Fernwhistle, a fictional shop: articles, orders, customers, staff, and two weeks of conversations."

    def handle(self, *, verbosity: int, **options: Any) -> None:
        content = shop.read("shop.toml")
        # All of it or nothing: half a shop would count as one at the next start.
        with live.quiet(), transaction.atomic():
            self._fill(content)
        if verbosity:
            self.stdout.write(f"{content['name']} is open. Its sign-ins are in {staff.SIGN_INS}.")

    def _fill(self, content: shop.Content) -> None:
        now = timezone.now()
        shop.open_shop(content, now)
        staff.hire(content["staff"])
        if not Conversation.objects.exists():
            past.remember(shop.read("talks.toml"), content["visitors"], now)
