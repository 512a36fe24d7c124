"""Bytes of a file to text."""

from __future__ import annotations

import codecs

from netlint.pattern import pattern

_LOOKED_AT = 64 << 10
_CONTROL = pattern(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def decode(data: bytes, *, whole: bool = True) -> str | None:
    """The text of a file, or None where it is binary: UTF-8, UTF-16 with a byte order mark, or else Latin-1.

    `whole` is False for the beginning of a file, whose last character may be cut.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        decoder = codecs.getincrementaldecoder("utf-16")()
    elif b"\0" in data:
        return None
    else:
        decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        text = decoder.decode(data.removeprefix(codecs.BOM_UTF8), final=whole)
        return None if "\0" in text else text  # UTF-32 begins as UTF-16 does
    except UnicodeDecodeError:
        text = data.decode("latin-1")
        return None if _CONTROL.search(text[:_LOOKED_AT]) else text
