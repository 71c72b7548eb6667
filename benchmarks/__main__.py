"""`python -m benchmarks [names] [--json FILE] [--page FILE] [--full] [--fail]`: runs them, prints a table.

`--fail` exits with 1 when a bar is missed by more than a fifth three times over.
"""

import argparse
import importlib
import os
import sys
from pathlib import Path

from benchmarks.report import Figure, as_json, as_page, table

TOLERANCE = 0.2
TRIES = 3


def main() -> int:
    """Run what was asked for."""
    names = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which of {', '.join(names)}; all by default")
    parser.add_argument("--json", type=Path, help="write the figures to a file")
    parser.add_argument("--page", type=Path, help="write them as a page too")
    parser.add_argument("--full", action="store_true", help="the long forms")
    parser.add_argument("--fail", action="store_true", help="fail when a bar is clearly missed")
    chosen = parser.parse_args()
    if chosen.full:
        os.environ["KANBAN_BENCH_FULL"] = "1"
    figures: list[Figure] = []
    missed = False
    for name in chosen.names or names:
        found = run(name, tries=TRIES if chosen.fail else 1)
        print(table(found), flush=True)
        figures += found
        missed = missed or any(figure.misses_by(TOLERANCE) for figure in found)
    if chosen.json:
        chosen.json.write_text(as_json(figures))
    if chosen.page:
        chosen.page.write_text(as_page(figures))
    return 1 if chosen.fail and missed else 0


def run(name: str, *, tries: int) -> list[Figure]:
    """The figures of one benchmark; tried again while it clearly misses a bar."""
    measure = importlib.import_module(f"benchmarks.bench_{name}").measure
    for _ in range(tries):
        figures: list[Figure] = measure()
        if not any(figure.misses_by(TOLERANCE) for figure in figures):
            break
    return figures


if __name__ == "__main__":
    sys.exit(main())
