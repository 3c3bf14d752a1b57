"""The doors that belong to no app."""

from math import ceil
from typing import Any

from django.contrib.auth.forms import UsernameField
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import LoginView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache

from conversations.actors import Action, StaffActor
from conversations.limits import SIGN_INS


class SignIn(LoginView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Whoever guesses passwords is soon told to wait; the bucket is the guesser's, not the name's owner's."""
        wait = ceil(SIGN_INS.take(f"{request.META.get('REMOTE_ADDR', '')} {_name_in(request)}"))
        if not wait:
            return super().post(request, *args, **kwargs)
        page = self.get_context_data(form=self.form_class(request), wait=wait)
        return self.render_to_response(page, status=429, headers={"Retry-After": str(wait)})

    def get_default_redirect_url(self) -> str:
        return reverse(place_of(self.request.user))


def _name_in(request: HttpRequest) -> str:
    """The name as signing in reads it. The threat: one name, spelt with spaces or wide letters, has a bucket each."""
    spelt = UsernameField(strip=True).to_python(request.POST.get("username", "")) or ""
    return spelt[:150].casefold()


def place_of(user: User | AnonymousUser) -> str:
    """The door behind which somebody's work is. Every right is an admin's too, so theirs is asked about first."""
    if isinstance(user, AnonymousUser):
        return "home"
    staff = StaffActor(user)
    places = [
        ("admin:index", user.is_superuser and user.is_staff),
        ("inbox", staff.may(Action.ANSWER)),
        ("dashboard", staff.may(Action.MEASURE)),
        ("admin:index", user.is_staff),
    ]
    return next((place for place, opens in places if opens), "home")


@never_cache
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """The desk has one sign-in page. Who comes here signed in may not enter the admin: asking again would go round."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.GET.get("next", reverse("admin:index")))
