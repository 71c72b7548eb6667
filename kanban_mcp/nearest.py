"""The name that was probably meant."""

from collections.abc import Iterable


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The one of some names that is most like a word, if any is."""
    # By the library's own 0.6 `status` was meant for `tags`, and `state` for `title`.
    import difflib  # noqa: PLC0415 - only mistakes need it

    return next(iter(difflib.get_close_matches(word, list(names), 1, cutoff=0.65)), None)
