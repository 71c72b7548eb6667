"""API keys, as rows; of their secrets only hashes."""

import json

from kanban_mcp.models.key import Key
from kanban_mcp.store.database import Database, Row


class KeyStore:
    """The table `api_keys`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, key_id: str) -> Key | None:
        """A key by id, revoked or not."""
        row = self._db.one("keys.get", "select * from api_keys where id = :id", id=key_id)
        return None if row is None else _key(row)

    def all(self) -> list[Key]:
        """Every key, the oldest first."""
        return [_key(row) for row in self._db.all("keys.all", "select * from api_keys order by created_at, id")]

    def any(self) -> bool:
        """Whether there is a key, usable or not."""
        return bool(self._db.value("keys.any", "select exists (select 1 from api_keys)"))

    def insert(self, key: Key) -> None:
        """A new key."""
        values = {**key._asdict(), "boards": None if key.boards is None else json.dumps(key.boards)}
        self._db.run(
            "keys.insert",
            """
            insert into api_keys (id, digest, actor, scope, boards, created_at, expires_at, last_used_at, revoked_at)
            values (:id, :digest, :actor, :scope, :boards, :created_at, :expires_at, :last_used_at, :revoked_at)
            """,
            **values,
        )

    def revoke(self, key_id: str, now: str) -> None:
        """End a key."""
        self._db.run("keys.revoke", "update api_keys set revoked_at = :now where id = :id", id=key_id, now=now)

    def used(self, key_id: str, now: str) -> None:
        """Note that a key was used."""
        self._db.run("keys.used", "update api_keys set last_used_at = :now where id = :id", id=key_id, now=now)


def _key(row: Row) -> Key:
    boards = None if row["boards"] is None else tuple(json.loads(row["boards"]))
    return Key(**{**dict(row), "boards": boards})
