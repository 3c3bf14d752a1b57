"""Plays dialogues on a running desk: customers say their turns; agents take what is escalated and say theirs."""

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle

from .dialogues import Dialogue, Said, Speaker
from .ledger import Account
from .people import Agent, Customer
from .wire import Frame, Refusal, Rest

log = logging.getLogger(__name__)

READING, TYPING = 2.0, 6.0  # seconds before somebody answers, and characters a second, at speed 1
LAST_LOOK = 15.0  # seconds for the screens to show all that is stored; longer than a ping's round


@dataclass
class Stage:
    url: str
    agents: list[Agent]
    at_once: int
    speed: float  # times as fast as people; 0 for no pauses at all

    def __post_init__(self) -> None:
        self.rest, self.ws_url = Rest(self.url), self.url.replace("http", "ws", 1)
        self._turn = cycle(self.agents)

    async def play(self, dialogues: list[Dialogue], done: Callable[[Account], None]) -> list[Account]:
        seats = asyncio.Semaphore(self.at_once)

        async def seated(dialogue: Dialogue) -> Account:
            async with seats:
                account = Account(dialogue.id)
                try:
                    await Play(self, dialogue, account).run()
                except Exception as error:  # one broken play must not stop the others; it counts as a failure
                    log.debug("%s broke off", dialogue.id, exc_info=error)
                    account.failure = f"{type(error).__name__}: {error}"
                done(account)
                return account

        return list(await asyncio.gather(*map(seated, dialogues)))

    async def pause(self, said: Said) -> None:
        if self.speed:
            await asyncio.sleep((READING + len(said.text) / TYPING) * random.uniform(0.7, 1.3) / self.speed)

    def next_agent(self) -> Agent:
        return next(self._turn)

    def named(self, name: str) -> Agent | None:
        return next((agent for agent in self.agents if agent.name == name), None)


class Play:
    """One dialogue on its way."""

    def __init__(self, stage: Stage, dialogue: Dialogue, account: Account) -> None:
        self.stage, self.dialogue, self.account = stage, dialogue, account
        self.staff = stage.agents[0].auth
        self.agent: Agent | None = None
        self.customer: Customer

    async def run(self) -> None:
        self.customer = await self._come_in()
        try:
            await self._turns()
            await self._end()
        finally:
            await self.customer.line.hang_up()
            if self.agent:
                await self.agent.unwatch(self.customer.id)

    async def _come_in(self) -> Customer:
        body = {"customer": {"name": self.dialogue.id[:80]}, "context": {"replay": self.dialogue.id}}
        # With staff's key: the limit on openings is for strangers at one address, and here all come from one.
        talk = await self.stage.rest.call("POST", "conversations/", auth=self.staff, body=body)
        customer = Customer(self.account, talk, self.stage.ws_url)
        if not await customer.arrive():
            raise Refusal(503, "the customer's socket was never welcomed")
        return customer

    async def _turns(self) -> None:
        for said, following in zip(self.dialogue.turns, [*self.dialogue.turns[1:], None], strict=True):
            await self.stage.pause(said)
            if said.speaker is Speaker.CUSTOMER:
                await self.customer.say(said.text)
                if following is None or following.speaker is Speaker.AGENT:
                    await self._hear_the_desk_out()
            elif await self._with_agent():
                assert self.agent is not None
                await self.agent.say(self.customer.id, said.text)

    async def _hear_the_desk_out(self) -> None:
        if self.agent is None:
            await self.customer.await_answer()
        if self.agent is None and self.customer.status == "escalated":
            await self._with_agent()

    async def _with_agent(self) -> bool:
        """An agent of ours has it; where the assistant has not handed over, the customer presses the button."""
        if self.agent is None and not self.account.taken_by_others:
            if self.customer.status != "escalated":
                await self.stage.rest.call(
                    "POST", f"conversations/{self.customer.id}/escalate/", auth=self.customer.auth
                )
                self.account.pressed_button = True
            await self._claim()
        return self.agent is not None

    async def _claim(self) -> None:
        handoff: Frame | None = None
        handoff = await self._handoff()
        while handoff["status"] == "waiting":
            agent = self.stage.next_agent()
            try:
                await self.stage.rest.call("POST", f"handoffs/{handoff['id']}/claim/", auth=agent.auth)
            except Refusal as refusal:
                if refusal.status != 409:  # somebody was quicker
                    raise
            handoff = await self._handoff()
        self.agent = self.stage.named((handoff or {}).get("agent") or "")
        self.account.taken_by_others = self.agent is None
        if self.agent and not await self.agent.watch(self.customer.id, self.account):
            raise Refusal(503, "the agent's watch was never answered")

    async def _handoff(self) -> Frame:
        conversation = await self._look()
        handoff: Frame | None = conversation["handoff"]
        if handoff is None or handoff["status"] not in ("waiting", "assigned"):
            raise Refusal(409, f"the conversation is {conversation['status']} and waits for nobody")
        return handoff

    async def _end(self) -> None:
        """Says goodbye, reads what is stored, and gives the screens time to show all of it."""
        closer = self.agent.auth if self.agent else self.customer.auth
        await self.stage.rest.call("POST", f"conversations/{self.customer.id}/close/", auth=closer)
        path = f"conversations/{self.customer.id}/messages/"
        self.account.stored = await self.stage.rest.pages(path, auth=self.staff)
        conversation = await self._look()
        self.account.intent = conversation["intent"]
        if conversation["handoff"]:
            self.account.reason = conversation["handoff"]["reason"]
        seqs = self.account.public()
        await self.customer.has_seen(seqs, LAST_LOOK)
        if self.agent:
            await self.agent.has_seen(self.customer.id, seqs, LAST_LOOK)

    async def _look(self) -> Frame:
        conversation: Frame = await self.stage.rest.call("GET", f"conversations/{self.customer.id}/", auth=self.staff)
        return conversation
