"""Rooms: who listens to which board or task, and what they are told.

The change log is read once for all sockets, whichever process wrote. A change is written out once, a frame once a
room. A room tells at once what comes while it rests from nothing; after a frame it rests as long as handing that out
took, and gathers what comes meanwhile: a few listeners hear everything at once, a thousand get fuller frames.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from kanban_mcp.models.change import Change
from kanban_mcp.store.news import News
from kanban_mcp.transport.live.frames import Frame, Message, batch, framed, message


class Member(Protocol):
    """A subscription of a socket: it has seen the log up to `seen`, and hears of what follows once it is `live`."""

    seen: int
    live: bool

    def hear(self, frame: Frame) -> None:
        """Take a frame without waiting."""
        ...


class Room:
    """One board or task, while someone listens. `told` is the newest change that was handed out."""

    def __init__(self, name: str, *, most: int, seconds: float, on_told: Callable[[float], None]) -> None:
        self.name = name
        self._on_told = on_told
        self.members: set[Member] = set()
        self.told = 0
        self._most = most
        self._seconds = seconds
        self._due: list[Message] = []
        self._resting = False

    def take(self, messages: Sequence[Message]) -> None:
        """Tell what is new: at once, or with what comes while the room rests."""
        self._due += messages
        while len(self._due) >= self._most:
            self._hand_out()
        if not self._resting:
            self._tell_the_rest()

    def _tell_the_rest(self) -> None:
        self._resting = bool(self._due)
        if self._due:
            loop = asyncio.get_running_loop()
            started = loop.time()
            self._hand_out()
            # Called after the sockets that were just woken, if any were, have had their turn.
            loop.call_soon(lambda: loop.call_later(min(self._seconds, loop.time() - started), self._tell_the_rest))

    def _hand_out(self) -> None:
        """One frame for all; one of its own for who has read a part of it from the log."""
        messages, self._due = self._due[: self._most], self._due[self._most :]
        frame = framed(batch(self.name, messages))
        self.told = messages[-1].seq
        for member in list(self.members):
            if member.live and member.seen < self.told:
                unseen = (
                    [each for each in messages if each.seq > member.seen] if member.seen >= messages[0].seq else None
                )
                member.seen = self.told
                member.hear(frame if unseen is None else batch(self.name, unseen))
        self._on_told((datetime.now(UTC) - datetime.fromisoformat(messages[0].at)).total_seconds())


class Rooms:
    """All rooms of a server. Everything but the reading of news happens on the event loop.

    `on_told` gets the age of the oldest change in each frame, when the last member had it.
    """

    def __init__(self, news: News, *, most: int, seconds: float, on_told: Callable[[float], None]) -> None:
        self._news = news
        self._on_told = on_told
        self._most = most
        self._seconds = seconds
        self._rooms: dict[str, Room] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: Callable[[], None] | None = None

    def join(self, name: str, member: Member) -> Room:
        """Add a member to a room. What is committed from now on, the room will tell."""
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = Room(name, most=self._most, seconds=self._seconds, on_told=self._on_told)
        room.members.add(member)
        if self._stop is None:
            self._loop = asyncio.get_running_loop()
            self._stop = self._news.listen(self._changed)
        return room

    def leave(self, name: str, member: Member) -> None:
        """Take a member out of a room."""
        room = self._rooms.get(name)
        if room is None:
            return
        room.members.discard(member)
        if not room.members:
            del self._rooms[name]
        if not self._rooms and self._stop is not None:
            self._stop()
            self._stop = None

    def _changed(self, changes: Sequence[Change]) -> None:
        """On the feed's thread: write out what someone listens to."""
        wanted: dict[str, list[Message]] = {}
        for change in changes:
            names = [name for name in rooms_of(change) if name in self._rooms]
            if names:
                written = message(change)
                for name in names:
                    wanted.setdefault(name, []).append(written)
        if wanted and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop may have ended
                self._loop.call_soon_threadsafe(self._tell, wanted)

    def _tell(self, wanted: dict[str, list[Message]]) -> None:
        for name, messages in wanted.items():
            if (room := self._rooms.get(name)) is not None:
                room.take(messages)


def rooms_of(change: Change) -> list[str]:
    """The rooms that hear of a change: its board, and its task."""
    named = (("board", change.board_id), ("task", change.task_id))
    return [f"{kind}:{number}" for kind, number in named if number is not None]
