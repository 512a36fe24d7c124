"""What a misspelt word may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The word of `known` that is most like `word`, None where none comes near; `cutoff` is from 0, anything, to 1."""
    from difflib import get_close_matches  # noqa: PLC0415 - slow to load, and nothing is misspelt in a usual run

    return next(iter(get_close_matches(word, list(known), n=1, cutoff=cutoff)), None)


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """The end of a message about an unknown `word`: a suggestion, or nothing."""
    near = nearest(word, known, cutoff)
    return f", did you mean {near}?" if near is not None else ""
