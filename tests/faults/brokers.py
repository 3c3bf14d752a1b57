"""A Valkey of a test's own, to be ended and started again."""

import signal
import subprocess
from pathlib import Path

import redis

from supportdesk import children
from tests.waiting import wait_until, wait_until_async


class Broker:
    def __init__(self, folder: Path) -> None:
        self.url = f"unix://{folder}/valkey.sock"
        files = ["--unixsocket", f"{folder}/valkey.sock", "--dir", str(folder), "--appendonly", "yes", "--save", ""]
        self.command = [children.valkey_server(), "--port", "0", "--loglevel", "warning", *files]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(self.command)
        wait_until(self._answers, 20, "a broker")

    def leave(self, fault: str) -> None:
        """Goes away: "killed", or "frozen", when it still takes connections and answers none."""
        assert self.process is not None
        if fault == "frozen":
            self.process.send_signal(signal.SIGSTOP)
        else:
            self.kill()

    def come_back(self, fault: str) -> None:
        if fault == "frozen":
            assert self.process is not None
            self.process.send_signal(signal.SIGCONT)
        else:
            self.start()

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    async def is_heard_by(self, processes: int) -> None:
        """Waits until so many processes are told what others say."""

        async def listed() -> bool:
            async with redis.asyncio.Redis.from_url(self.url) as client:
                return bool((await client.pubsub_numsub("desk.bus"))[0][1] == processes)

        await wait_until_async(listed, 15, f"{processes} subscriptions")
