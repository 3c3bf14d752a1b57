"""A socket of staff: whoever holds it may work the inbox, and is asked again and again whether that still holds."""

import logging
from collections.abc import Callable
from time import monotonic
from typing import Concatenate, ParamSpec, TypeVar

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError

from conversations.actors import Action, StaffActor, staff_in, staff_with
from conversations.frames import Frame
from conversations.posting import Refused
from conversations.socket import NOT_YOURS, DeskSocket

log = logging.getLogger(__name__)

TRUSTED = 15.0  # seconds for which a right that was seen counts; a ping renews it

P = ParamSpec("P")
T = TypeVar("T")


class StaffSocket(DeskSocket):
    token = ""  # of the API; without one she is who her session says
    trusted_until = 0.0

    async def dispatch(self, message: Frame) -> None:
        if message["type"].startswith("websocket.") or await self.is_allowed():
            await super().dispatch(message)

    def may_hear(self) -> bool:
        return monotonic() < self.trusted_until

    async def allowed(self, work: Callable[Concatenate[StaffActor, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Does `work` if she may still answer customers; otherwise the socket closes."""
        session_key = self.scope["cookies"].get(settings.SESSION_COOKIE_NAME)

        def look_and_work() -> T:
            actor = staff_with(self.token) if self.token else staff_in(session_key)
            if actor is None or not actor.may(Action.ANSWER):
                raise Refused("not_yours", "This inbox is not yours.")
            return work(actor, *args, **kwargs)

        answer: T = await database_sync_to_async(look_and_work)()
        self.trusted_until = monotonic() + TRUSTED
        return answer

    async def is_allowed(self) -> bool:
        """A socket that only listens is asked for its right as well, when none of its frames has shown it lately."""
        if self.may_hear():
            return True
        try:
            await self.allowed(lambda actor: None)
        except Refused:
            self.hang_up(NOT_YOURS)
            return False
        except DatabaseError as error:
            log.warning("a right could not be checked, an announcement was withheld: %s", error)
            return False
        return True
