"""The demo: the product at work, as a newcomer meets it first."""

import re
import subprocess
import sys


def test_the_demo_ends_with_every_task_done_and_none_worked_twice() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "kanban_mcp", "demo"], capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr
    shares = re.search(r"Done: 12 of 12 \(ada (\d+), bob (\d+)\)\. Worked twice: 0\. Still open: 0\.", ended.stdout)
    assert shares is not None, ended.stdout
    assert int(shares[1]) + int(shares[2]) == 12
    claims = re.findall(r"claims #(\d+)", ended.stdout)
    assert sorted(map(int, claims)) == list(range(1, 13))
    assert ended.stderr == ""
