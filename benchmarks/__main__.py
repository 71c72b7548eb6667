"""`python -m benchmarks [names] [--json FILE] [--page FILE] [--full] [--fail]`: runs them, prints a table.

A benchmark is a file `bench_<name>.py` with `measure()`, which answers the question that its docstring begins with.
`--fail` exits with 1 when a bar that is no time is missed by more than a fifth three times over.
"""

import argparse
import importlib
import logging
import os
import sys
from pathlib import Path
from time import perf_counter

from benchmarks.report import Answer, Figure, as_json, as_page, table

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
    # What is slow on a large board is told by the figures.
    logging.getLogger("kanban_mcp").setLevel(logging.ERROR)
    answers: list[Answer] = []
    for name in chosen.names or names:
        answer = run(name, tries=TRIES if chosen.fail else 1)
        if answer.figures:
            print(f"{name} ({answer.seconds:.0f} s): {answer.question}\n{table(answer.figures)}\n", flush=True)
            answers.append(answer)
    if chosen.json:
        chosen.json.write_text(as_json(answers))
    if chosen.page:
        chosen.page.write_text(as_page("Benchmarks, the long forms" if chosen.full else "Benchmarks", answers))
    missed = [figure.question for answer in answers for figure in answer.figures if figure.misses_by(TOLERANCE)]
    print(f"{sum(answer.seconds for answer in answers):.0f} s in all. Clearly missed: {'; '.join(missed) or 'none'}.")
    return 1 if chosen.fail and missed else 0


def run(name: str, *, tries: int) -> Answer:
    """What one benchmark finds. It is tried again while it clearly misses a bar; a figure that meets it once, holds."""
    module = importlib.import_module(f"benchmarks.bench_{name}")
    began = perf_counter()
    figures: list[Figure] = module.measure()
    for _ in range(tries - 1):
        if not any(figure.misses_by(TOLERANCE) for figure in figures):
            break
        again = {figure.question: figure for figure in module.measure()}
        figures = [again.get(each.question, each) if each.misses_by(TOLERANCE) else each for each in figures]
    return Answer(name, (module.__doc__ or "").split("\n\n", maxsplit=1)[0], figures, perf_counter() - began)


if __name__ == "__main__":
    sys.exit(main())
