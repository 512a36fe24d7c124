"""Hashes that GitHub's own tests expect, and the value by its definition."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.report.line_hash import line_hashes
from netlint.source import Source

EMPTY = "c129715d7a2bc9a3:1"
ENDED = [
    "e9496ae3ebfced30:1",
    "fb7c023a8b9ccb3f:1",
    "ce8ba1a563dcdaca:1",
    "e20e36e16fcb0cc8:1",
    "b3edc88f2938467e:1",
    "c8e28b0b4002a3a0:1",
    EMPTY,
]
KNOWN = {
    "": [EMPTY],
    " a\nb\n  \t\tc\n d": ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"],
    " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End": [
        "8b7cf3e952e7aeb2:1",
        "b1ae1287ec4718d9:1",
        "bff680108adb0fcc:1",
        "c6805c5e1288b612:1",
        "b86d3392aea1be30:1",
        "e6ceba753e1a442:1",
    ],
    " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n": ENDED,
    " hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r": ENDED,
    " hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n": ENDED,
    " hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n": ENDED,
    "Lorem ipsum dolor sit amet.\n" * 10: [
        *(f"a7f2ff13bc495cf2:{times}" for times in range(1, 7)),
        "a7f2ff1481e87703:1",
        "a9cf91f7bbf1862b:1",
        "55ec222b86bcae53:1",
        "cc97dc7b1d7d8f7b:1",
        EMPTY,
    ],
}


@pytest.mark.parametrize(("text", "expected"), KNOWN.items())
def test_known(text: str, expected: list[str]) -> None:
    assert list(line_hashes(text, range(1, len(expected) + 1)).values()) == expected


def rolling(text: str) -> list[str]:
    """The definition: a window rolls over the code units, and a line's hash is that of the window it begins."""
    units: list[int] = []
    starts: list[int] = []
    at_start, after_return = True, False
    data = text.encode("utf-16-le", "surrogatepass")
    for low, high in [*zip(data[::2], data[1::2], strict=True), (255, 255)]:
        unit = low | high << 8
        if unit in (32, 9) or (unit == 10 and after_return):
            after_return = False
            continue
        after_return = unit == 13
        unit = 10 if unit == 13 else unit
        if at_start:
            starts.append(len(units))
        at_start = unit == 10
        units.append(unit)
    units += [0] * 100
    seen: dict[int, int] = {}
    found = []
    for start in starts:
        value = 0
        for unit in units[start : start + 100]:
            value = (value * 37 + unit) % 2**64
        seen[value] = seen.get(value, 0) + 1
        found.append(f"{value:x}:{seen[value]}")
    return found


@given(st.text(st.sampled_from(" \tab:\r\né😀"), max_size=250))
@settings(max_examples=150, deadline=None)
def test_definition(text: str) -> None:
    expected = rolling(text)
    assert list(line_hashes(text, range(1, len(expected) + 1)).values()) == expected
    assert len(Source("x", text).line_starts) == len(expected)


def test_only_what_is_asked_for() -> None:
    every = line_hashes("a\nb\nb\n", [1, 2, 3, 4])
    assert line_hashes("a\nb\nb\n", [3]) == {3: every[3]}
