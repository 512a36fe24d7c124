"""The words after dockerd to options, as its flag library (pflag; before 1.13 Docker's own mflag) reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from netlint.build.dockerd_options import DockerdOption, OptionType, by_flag, closest
from netlint.build.dockerd_values import is_exact, make_pool, text_error
from netlint.model.daemon import Option, OptionValue, Pool, Setting
from netlint.model.located import Located
from netlint.parse.tree import Word
from netlint.parse.words import cut
from netlint.source import Span

_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")
_NUMBER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]{1,16}|0[oO]?[0-7]{1,21}|0[bB][01]{1,64}|0|[1-9][0-9]{0,18})")
_REPEATABLE = (OptionType.LIST, OptionType.ADDRESSES, OptionType.MAP, OptionType.OBJECT, OptionType.POOLS)
_DASHES = ("-", "\N{EN DASH}", "\N{EM DASH}", "\N{MINUS SIGN}")


class Flag(NamedTuple):
    """One use of a flag. `word` is what names it, dashes included; `value` is None where none is given."""

    spec: DockerdOption | None
    word: Word
    value: Word | None


def read_flags(words: Sequence[Word]) -> tuple[list[Option], list[Pool]]:
    """Options in order, repeated list flags joined at their first place, and the pools of --default-address-pool."""
    uses: dict[str, list[Option]] = {}
    pools: list[Pool] = []
    for number, flag in enumerate(split_flags(words)):
        option = _option(flag)
        if flag.spec is not None and flag.spec.type is OptionType.POOLS and flag.value is not None:
            pools.append(_pool(flag.value))
        repeatable = flag.spec is not None and flag.spec.type in _REPEATABLE
        uses.setdefault(option.name if repeatable else f"{option.name} {number}", []).append(option)
    return [_joined(options) for options in uses.values()], pools


def split_flags(words: Sequence[Word]) -> list[Flag]:
    """The flags among `words`; words that are neither flag nor value are left out."""
    found: list[Flag] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word.text == "--":
            break
        name = word.text.partition("=")[0]
        if not name.startswith(_DASHES) or len(name) == 1 or not is_exact(name):
            continue
        flags = _flags_of(word)
        last = flags[-1]
        if last.value is None and at < len(words) and _takes_next(last, words[at]):
            flags[-1] = last._replace(value=words[at])
            at += 1
        found += flags
    return found


def _flags_of(word: Word) -> list[Flag]:
    """The flag that `word` is, or the several that a cluster such as `-Dl` is."""
    text = word.text
    name, equals, _ = text.partition("=")
    value = cut(word, len(name) + 1) if equals else None
    if not text.startswith("--"):
        # mflag also took long flags after one dash
        spec = by_flag(name[1:]) if len(name) > 2 and text[0] == "-" else None
        if spec is None and text[0] == "-" and by_flag(text[1]) is not None:
            return _cluster(word)
        return [Flag(spec, cut(word, 0, len(name)), value)]
    spec = by_flag(name[2:]) if len(name) > 3 else None
    return [Flag(spec, cut(word, 0, len(name)), value)]


def _cluster(word: Word) -> list[Flag]:
    """`-D`, `-Dl debug`, `-bbr0`, `-b=none`: short flags up to the first that takes a value."""
    flags: list[Flag] = []
    for at in range(1, len(word.text)):
        if word.text[at] == "=":
            break
        spec = by_flag(word.text[at])
        name = cut(word, 0 if at == 1 else at, at + 1)
        rest = word.text[at + 1 :]
        if rest.startswith("="):
            flags.append(Flag(spec, name, cut(word, at + 2)))
            break
        if spec is not None and spec.type is not OptionType.BOOL:
            flags.append(Flag(spec, name, cut(word, at + 1) if rest else None))
            break
        flags.append(Flag(spec, name, None))
    return flags


def _takes_next(flag: Flag, following: Word) -> bool:
    """Whether the next word is the flag's value. An unknown flag is given one, lest it be taken for an argument."""
    if flag.spec is None:
        return not following.text.startswith(_DASHES)
    return flag.spec.type is not OptionType.BOOL


def _option(flag: Flag) -> Option:
    spec, word = flag.spec, flag.word
    bare = word.text.lstrip("".join(_DASHES))
    value, error = _value(flag)
    span = flag.value.span if flag.value is not None else word.span
    exact = flag.value is None or is_exact(flag.value.text)
    items: tuple[Located[str], ...] = ()
    if spec is not None and spec.type in _REPEATABLE and flag.value is not None:
        items = (Located(flag.value.text, flag.value.span, exact),)
    return Option(
        name=bare if spec is None else spec.name,
        value=value,
        span=span,
        name_span=word.span,
        setting=Setting.FLAG,
        items=items,
        known=spec is not None,
        exact=exact,
        suggestion="" if spec is not None else closest(bare, flag=True) or "",
        type_error=error,
        error_span=span if error else None,
        since=None if spec is None else spec.flag_since or spec.since,
        removed=None if spec is None else spec.removed,
    )


def _value(flag: Flag) -> tuple[OptionValue, str]:
    """The value, typed, and what dockerd has against it."""
    spec, word = flag.spec, flag.value
    if word is None:
        if spec is None or spec.type is OptionType.BOOL:
            return True, ""
        return None, f"{flag.word.text} lacks its value"
    text = word.text
    if spec is None:
        return text, ""
    match spec.type:
        case OptionType.BOOL if text in _TRUE + _FALSE:
            return text in _TRUE, ""
        case OptionType.INT if _NUMBER.fullmatch(text):
            return _number(text), ""
        case OptionType.BOOL | OptionType.INT:
            return text, f"must be {spec.type.value}" if is_exact(text) else ""
        case OptionType.LIST | OptionType.ADDRESSES | OptionType.MAP | OptionType.OBJECT | OptionType.POOLS:
            return (text,), text_error(spec.type, text)
    return text, text_error(spec.type, text)


def _number(text: str) -> int:
    """Go's ParseInt with base 0: a leading zero alone means octal."""
    digits = text.lstrip("+-")
    octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    number = int(digits, 8 if octal else 0)
    return -number if text.startswith("-") else number


def _joined(options: list[Option]) -> Option:
    """The uses of one flag as one option."""
    if len(options) == 1:
        return options[0]
    items = tuple(item for option in options for item in option.items)
    wrong = next((option for option in options if option.type_error), options[0])
    return replace(
        options[0],
        value=tuple(item.value for item in items),
        items=items,
        exact=all(option.exact for option in options),
        type_error=wrong.type_error,
        error_span=wrong.error_span,
    )


def _pool(value: Word) -> Pool:
    """`base=10.0.0.0/8,size=24`, in either order; opts/address_pools.go."""
    base: Located[str] | None = None
    size: Located[int] | None = None
    at = 0
    for field in value.text.split(","):
        key, equals, text = field.partition("=")
        start = at + len(key) + len(equals)
        span: Span = value.part(start, start + len(text))
        if key.lower() == "base":
            base = Located(text, span, is_exact(text))
        elif key.lower() == "size" and text.isascii() and text.isdigit() and len(text) < 5:
            size = Located(int(text), span)
        at += len(field) + 1
    return make_pool(value.span, base, size, Setting.FLAG)
