"""A copy kept by Litestream: what was acknowledged before its last sync survives the server and the disk."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from kanban_mcp.cli import main
from kanban_mcp.store.database import Database
from tests.faults.servers import PATIENCE, Gone, Serve

PROGRAM = Path(sys.executable).with_name("litestream")
pytestmark = pytest.mark.skipif(
    not PROGRAM.exists(), reason="not run: Litestream is not installed; its wheel is for Linux on x86-64"
)

CONFIGURATION = """
socket: {{enabled: true, path: {folder}/socket}}
dbs:
  - path: {db}
    replica: {{url: "file://{folder}/replica"}}
"""


@contextlib.contextmanager
def replicated(db: Path, folder: Path) -> Iterator[None]:
    """Litestream at work beside the servers; killed with them."""
    (folder / "litestream.yml").write_text(CONFIGURATION.format(db=db, folder=folder))
    arguments = [str(PROGRAM), "replicate", "-config", str(folder / "litestream.yml")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if b"socket" in line:
                break
        try:
            yield
        finally:
            process.kill()


def litestream(*arguments: object) -> None:
    done = subprocess.run(
        [PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


async def test_what_was_acknowledged_before_the_last_sync_is_restored_after_a_kill(
    serve: Serve, db: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    server = await serve()
    await server("create_board", name="Alpha")
    with replicated(db, folder):
        synced: list[int] = []
        for turn in range(3):
            synced += [(await server("create_task", title=f"{turn} {number}"))["id"] for number in range(20)]
            litestream("sync", "-wait", "-socket", folder / "socket", db)
        with contextlib.suppress(Gone):
            await server("create_task", title="after the last sync")
        server.process.send_signal(signal.SIGKILL)
        await server.ended()
    restored, back = tmp_path / "restored.db", tmp_path / "back.db"
    litestream("restore", "-o", restored, f"file://{folder}/replica")
    done = CliRunner().invoke(main, ["restore", str(restored), "--db", str(back)])
    assert done.exit_code == 0, done.output
    database = Database(back)
    with database.reading():
        kept = {row[0] for row in database.all("test", "select id from tasks")}
    database.close()
    assert set(synced) <= kept
    assert kept <= {*synced, max(synced) + 1}
