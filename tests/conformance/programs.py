"""The programs from npm that certify the server, and the Node they need. `.ci/run` installs them in `.ci`."""

import os
import shutil
from pathlib import Path

import pytest

MODULES = Path(__file__).parents[2] / ".ci" / "node_modules"
NODE = MODULES / "node" / "bin" / "node"


def package(name: str) -> Path:
    """The folder of an installed package; the test is skipped where it is not installed."""
    folder = MODULES / name
    if not folder.is_dir() or not NODE.exists():
        how = "" if shutil.which("npm") else "npm, and then "
        pytest.skip(f"{name} is not installed; it takes {how}npm ci --prefix .ci")
    return folder


def environment() -> dict[str, str]:
    """What they run in: our Node before the machine's, and no keyring."""
    path = os.pathsep.join((str(NODE.parent), os.environ["PATH"]))
    return {**os.environ, "PATH": path, "MCP_INSPECTOR_SECRET_STORE": "memory"}
