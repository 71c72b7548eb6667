"""First answers of keyed calls, as rows."""

from typing import NamedTuple

from kanban_mcp.store.database import Database


class FirstAnswer(NamedTuple):
    """What a keyed call was and what it answered; arguments as a digest, the result as JSON."""

    operation: str
    arguments: str
    result: str


class IdempotencyStore:
    """The table `idempotency`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, actor: str, key: str, oldest: str) -> FirstAnswer | None:
        """The answer kept under an actor's key, unless it is older than `oldest`."""
        row = self._db.one(
            "idempotency.get",
            """
            select operation, arguments, result from idempotency
            where actor = :actor and key = :key and created_at >= :oldest
            """,
            actor=actor,
            key=key,
            oldest=oldest,
        )
        return None if row is None else FirstAnswer(*row)

    def put(self, actor: str, key: str, answer: FirstAnswer, now: str, oldest: str) -> None:
        """Keep an answer, and forget those older than `oldest`."""
        self._db.run("idempotency.forget", "delete from idempotency where created_at < :oldest", oldest=oldest)
        self._db.run(
            "idempotency.put",
            """
            insert into idempotency (actor, key, operation, arguments, result, created_at)
            values (:actor, :key, :operation, :arguments, :result, :now)
            """,
            actor=actor,
            key=key,
            operation=answer.operation,
            arguments=answer.arguments,
            result=answer.result,
            now=now,
        )
