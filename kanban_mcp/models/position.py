"""Order keys: text that sorts by bytes, so that moving a task rewrites one row only.

A key is a 12-digit hexadecimal counter and, for places between neighbours, a base-62 fraction. Appending
and prepending step the counter, so keys stay short however many tasks come; only repeated insertion at one
spot lengthens them, by about a character for every six insertions.
"""

_COUNTER = 12
_START = 0x800000000000
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def between(low: str | None, high: str | None) -> str:
    """A key after `low` and before `high`; None stands for the end of the column on that side."""
    if low is None or high is None:
        return _at_an_end(low, high)
    counter, gap = _counter(low), _counter(high) - _counter(low)
    if gap > 1:
        return _key(counter + gap // 2)
    return _key(counter) + _fraction(low[_COUNTER:], high[_COUNTER:] if gap == 0 else None)


def _at_an_end(low: str | None, high: str | None) -> str:
    if low is not None:
        return _key(_counter(low) + 1)
    return _key(_START if high is None else _counter(high) - 1)


def _counter(key: str) -> int:
    return int(key[:_COUNTER], 16)


def _key(counter: int) -> str:
    return f"{counter:0{_COUNTER}x}"


def _fraction(low: str, high: str | None) -> str:
    """Digits strictly between two fractions; `high` None is one. Never ends in 0, so there is always room below."""
    digits = ""
    while True:
        place = len(digits)
        floor = _DIGITS.index(low[place]) if place < len(low) else 0
        ceiling = len(_DIGITS) if high is None else _DIGITS.index(high[place])
        if ceiling - floor > 1:
            return digits + _DIGITS[(floor + ceiling) // 2]
        if ceiling > floor:
            # The next digit may go as high as it likes: this one already keeps the key below `high`.
            high = None
        digits += _DIGITS[floor]
