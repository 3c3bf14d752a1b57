"""Keys to the desk: random, stored only as hashes, bound to what they open."""

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from django.contrib.auth.models import User

STAFF_TOKEN_LIFE = timedelta(days=365)


def new_token() -> str:
    return secrets.token_urlsafe(32)


def token_hash(purpose: str, token: str) -> str:
    """The stored form of a token. It holds 256 random bits, so one fast hash is enough; `purpose` keeps a token of one
    kind, or of one conversation, from opening another."""
    # Whatever JSON can hold may be offered as a token, half a surrogate pair too.
    return hashlib.sha256(f"{purpose}:{token}".encode(errors="surrogatepass")).hexdigest()


class ApiToken(models.Model):
    """A staff member's key for the REST API and the inbox socket."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    label = models.CharField(max_length=60, blank=True)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return self.label or f"token of {self.user}"

    def renew(self) -> str:
        """Gives this token a new key, for as long as one lasts; returns its only plain copy. The caller saves."""
        key = new_token()
        self.key_hash, self.expires_at = token_hash("staff", key), timezone.now() + STAFF_TOKEN_LIFE
        return key

    @classmethod
    def issue(cls, user: "User", label: str = "") -> "tuple[ApiToken, str]":
        """Makes a token for `user` and returns it with the only plain copy of its key."""
        token = cls(user=user, label=label)
        key = token.renew()
        token.save()
        return token, key
