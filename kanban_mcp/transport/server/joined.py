"""The head of an answer and its body in one.

uvicorn writes one after the other, which takes two system calls, and wakes a client on the same machine for a head
that says nothing yet.
"""

import asyncio
from typing import Any


class Joined:
    """A transport that keeps the head of an answer back until its body comes, where that has a stated length."""

    def __init__(self, inner: asyncio.Transport) -> None:
        self.inner = inner
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def write(self, data: bytes) -> None:
        """Send these bytes, after those that were kept back."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(b"HTTP/1.1 ") and b"\r\ncontent-length: " in data:
            self._head = data
            return
        self.inner.write(data)

    def flush(self) -> None:
        """Send what is kept back: nothing follows it."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        """Close, once all is sent."""
        self.flush()
        self.inner.close()
