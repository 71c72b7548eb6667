"""Print each change of a board as it happens: give a server's address, ws://127.0.0.1:8765, and the board's id."""

import asyncio
import json
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def main(address: str, board: str) -> None:
    """Come back by itself when the connection is lost, and go on where it ended."""
    since = None
    async for socket in connect(f"{address}/ws"):
        try:
            async for text in socket:
                message = json.loads(text)
                if message["type"] == "welcome":
                    since = message["seq"] if since is None else since
                    rooms = [f"board:{board}"]
                    await socket.send(json.dumps({"type": "subscribe", "rooms": rooms, "since": since}))
                    print(f"listening from {since}", flush=True)
                elif message["type"] == "batch":
                    for change in message["messages"]:
                        since = change["seq"]
                        print(
                            since, change["actor"], change["action"], change["entity"], change["entity_id"], flush=True
                        )
                elif message["type"] == "error":
                    sys.exit(message["message"])
        except ConnectionClosed:
            continue


asyncio.run(main(*sys.argv[1:]))
