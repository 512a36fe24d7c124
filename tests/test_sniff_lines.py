"""The texts beside an expression stand in whatever it fits: without one of them it need not be asked."""

from __future__ import annotations

from itertools import product
from re import IGNORECASE, _parser
from typing import Any

import pytest

from netlint.sniff_command import FIXED_NAMES
from netlint.sniff_lines import STRONG, WEAK, Kind, kind_of, kinds_in

ANY = "\0"  # stands for what an expression leaves open


def written(parsed: Any) -> list[str]:
    """What an expression fits, alternative by alternative, with ANY for what is not one certain character."""
    parts: list[list[str]] = []
    for operation, value in parsed:
        match str(operation):
            case "LITERAL":
                parts.append([chr(value)])
            case "IN" if all(str(one) == "LITERAL" for one, _ in value):
                parts.append([chr(character) for _, character in value])
            case "AT" | "ASSERT" | "ASSERT_NOT":
                pass
            case "BRANCH":
                parts.append([text for one in value[1] for text in written(one)])
            case "SUBPATTERN":
                parts.append([ANY] if value[1] & IGNORECASE else written(value[3]))
            case "MAX_REPEAT" if value[0] > 0:
                parts.append([f"{text}{ANY}" for text in written(value[2])])
            case _:
                parts.append([ANY])
    return ["".join(one) for one in product(*parts)]


def test_what_is_written_in_an_expression() -> None:
    assert written(_parser.parse(r"a[bf](?:c|d+)\s*(?i:x)?e$")) == [
        f"a{one}{two}e" for one in "bf" for two in (f"c{ANY * 2}", f"d{ANY * 3}")
    ]


@pytest.mark.parametrize("kind", [*STRONG, *WEAK], ids=lambda kind: str(kind[0]))
def test_one_of_the_texts_stands_in_whatever_fits(kind: Kind) -> None:
    _, texts, expression = kind
    alternatives = written(_parser.parse(expression.pattern))
    assert alternatives
    assert not [one for one in alternatives if not any(text in one for text in texts)]


@pytest.mark.parametrize(("texts", "expression", "found"), FIXED_NAMES)
def test_one_of_the_texts_stands_in_each_name(texts: tuple[str, ...], expression: str, found: str) -> None:
    alternatives = written(_parser.parse(expression))
    assert not [one for one in alternatives if not any(text in one for text in texts)], found


def test_the_first_kind_counts() -> None:
    lines = ["Status: active", "*filter", "what nobody prints"]
    kinds = kinds_in(STRONG, "\n".join(lines))
    assert [name for name, _, _ in kinds] == ["iptables-save", "ufw"]
    assert [kind_of(line, kinds) for line in lines] == ["ufw", "iptables-save", None]
