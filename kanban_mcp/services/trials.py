"""Forecasts by Monte Carlo: each trial draws its days, with replacement, from those there were (the bootstrap)."""

import random
from collections.abc import Sequence

HORIZON = 3_000
"""Steps a trial looks ahead: some eight years of days."""
MOST_TRIALS, FEWEST_TRIALS = 10_000, 1_000
DRAWS = 1_000_000
"""About as many as are drawn in all: what takes longer to finish gets fewer trials, and a percentile needs no more."""
SEED = 1
"""The same history gives the same forecast."""


def trials_for(steps: float) -> int:
    """How many trials of about so many steps are run."""
    return max(FEWEST_TRIALS, min(MOST_TRIALS, int(DRAWS / max(1.0, steps))))


def steps_until(history: Sequence[int], tasks: int) -> list[int]:
    """For each trial the steps it took to finish so many tasks, in order; HORIZON + 1 where it did not.

    `history` is how many were finished in each step so far; at least one was.
    """
    expected = tasks * len(history) / sum(history)
    chance, block = random.Random(SEED), int(min(expected, HORIZON)) // 4 + 1
    return sorted(_steps(chance, history, tasks, block) for _ in range(trials_for(min(expected, HORIZON))))


def _steps(chance: random.Random, history: Sequence[int], tasks: int, block: int) -> int:
    steps = 0
    while steps < HORIZON:
        drawn = chance.choices(history, k=block)
        if (finished := sum(drawn)) < tasks:
            tasks, steps = tasks - finished, steps + block
            continue
        for count in drawn:
            steps, tasks = steps + 1, tasks - count
            if tasks <= 0:
                return min(steps, HORIZON + 1)
    return HORIZON + 1


def finished_in(history: Sequence[int], steps: int) -> list[int]:
    """For each trial how many tasks it finished in so many steps, the most first."""
    chance = random.Random(SEED)
    return sorted((sum(chance.choices(history, k=steps)) for _ in range(trials_for(steps))), reverse=True)
