"""The files for servers that stay, against what there is: no container is built here, but what it would run is."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from kanban_mcp.app import App, open_app
from kanban_mcp.settings import Settings
from kanban_mcp.transport.server.asgi import site
from tests.live.servers import serving
from tests.transport.clients import PATIENCE

ROOT = Path(__file__).parents[2]
HOWTO = ROOT / "docs" / "howto"
INSTALLED = "/opt/kanban-mcp/bin"
"""Where both install to."""
HERE = str(Path(sys.executable).parent)


def unit() -> dict[str, list[str]]:
    """The unit's settings by name."""
    found: dict[str, list[str]] = {}
    for line in (HOWTO / "kanban-mcp.service").read_text().splitlines():
        name, is_setting, value = line.partition("=")
        if is_setting:
            found.setdefault(name, []).append(value)
    return found


def container() -> list[tuple[str, str]]:
    """The instructions of the image that is run, with their arguments."""
    text = (HOWTO / "Dockerfile").read_text().replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, arguments.strip()) for name, _, arguments in (line.partition(" ") for line in lines)]


def given(name: str) -> str:
    """The arguments of an instruction, the last of its name."""
    return [arguments for instruction, arguments in container() if instruction == name][-1]


def environment(text: str) -> dict[str, str]:
    """Variables that are set, by name."""
    return dict(part.split("=", 1) for part in shlex.split(text))


@pytest.mark.parametrize("variables", [environment(" ".join(unit()["Environment"])), environment(given("ENV"))])
def test_variables_are_settings(variables: dict[str, str]) -> None:
    assert variables.keys() <= {f"KANBAN_{field.name.upper()}" for field in fields(Settings)}
    Settings.gathered({}, variables)


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("not run: there is no systemd-analyze here")
    copy = tmp_path / "kanban-mcp.service"
    copy.write_text((HOWTO / "kanban-mcp.service").read_text().replace(INSTALLED, HERE))
    told = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)
    # It looks at what else is installed on the machine too.
    assert "kanban-mcp" not in told.stderr
    assert told.returncode == 0 or "kanban" not in told.stderr + told.stdout


def test_the_unit_starts_a_server_as_nobody_in_particular_and_ends_it_in_time(db: Path) -> None:
    (command,) = unit()["ExecStart"]
    program, *arguments = shlex.split(command.replace(INSTALLED, HERE))
    assert (unit()["DynamicUser"], arguments) == (["yes"], ["serve"])
    (variables,) = unit()["Environment"]
    assert environment(variables)["KANBAN_DB"].startswith(f"/var/lib/{unit()['StateDirectory'][0]}/")
    asked = subprocess.run([program, *arguments, "--help"], capture_output=True, text=True, check=True)
    assert "--host" in asked.stdout
    with serving(db) as server:
        assert server.stop() == ""
    assert (server.process.returncode, unit()["Restart"]) == (0, ["on-failure"])


def test_the_image_runs_as_a_user_of_its_own_whose_home_is_the_volume() -> None:
    names = [name for name, _ in container()]
    user, volume = given("USER"), given("VOLUME")
    assert names.index("USER") < names.index("ENTRYPOINT")
    made = given("RUN")
    assert re.search(rf"useradd .*--uid [1-9]\d+ .*--home-dir {volume} {user}$", made)
    assert Path(environment(given("ENV"))["KANBAN_DB"]).is_relative_to(volume)
    assert given("EXPOSE") == str(Settings().port)


def test_the_image_installs_extras_there_are() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (named,) = re.findall(r"/source\[([a-z,]+)\]", (HOWTO / "Dockerfile").read_text())
    assert set(named.split(",")) <= set(extras)
    for named in re.findall(r"repository\[([a-z,]+)\]", (HOWTO / "keep-a-server-running.md").read_text()):
        assert set(named.split(",")) <= set(extras)


def test_what_the_image_starts_is_a_command(db: Path) -> None:
    entry: list[str] = json.loads(given("ENTRYPOINT"))
    start: list[str] = json.loads(given("CMD"))
    program = [part.replace(INSTALLED, HERE) for part in entry]
    for arguments in (start, ["keys", "create"]):
        subprocess.run([*program, *arguments, "--help"], capture_output=True, check=True)


@pytest.fixture
def app(db: Path) -> Iterator[App]:
    with open_app(Settings(db=db)) as opened:
        yield opened


def test_the_images_health_check_tells_a_server_that_is_ready_from_one_that_is_gone(app: App, db: Path) -> None:
    check: list[str] = json.loads(given("HEALTHCHECK").partition("CMD ")[2])
    (path,) = re.findall(r"http://127\.0\.0\.1:\d+(/[a-z/]+)", " ".join(check))
    assert path in site(app).paths
    # With a key, as where others reach it.
    make = [sys.executable, "-m", "kanban_mcp", "keys", "create", "--actor", "ci", "--db", str(db)]
    subprocess.run(make, capture_output=True, check=True)
    with serving(db) as server:
        program = [part.replace(INSTALLED, HERE).replace("http://127.0.0.1:8765", server.url) for part in check]
        healthy: Any = subprocess.run(program, capture_output=True, timeout=PATIENCE, check=False)
        server.stop()
        gone: Any = subprocess.run(program, capture_output=True, timeout=PATIENCE, check=False)
    assert (healthy.returncode, gone.returncode) == (0, 1)


def test_what_no_image_needs_is_not_sent_to_its_build() -> None:
    left_out = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv"} <= set(left_out)
    needed = {"pyproject.toml", "README.md", "LICENSE", "kanban_mcp"}
    assert not needed & set(left_out)
