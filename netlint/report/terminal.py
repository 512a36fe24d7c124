"""What a terminal may be given: harmless characters, their widths, colours and links."""

from __future__ import annotations

from collections.abc import Iterable

TAB = 4

_STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "frame": "1;34",
    "bold": "1",
    "dim": "2",
    "good": "1;32",
    "heading": "1;4",
}
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Paint:
    """Colours and links, or neither."""

    def __init__(self, color: bool, hyperlinks: bool = False) -> None:
        self.color = color
        self.hyperlinks = hyperlinks

    def __call__(self, style: str, text: str) -> str:
        """`text` in `style`, a name of the table above; empty for none."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.color and style and text else text

    def link(self, root: str, path: str, text: str) -> str:
        """`text`, which a click on a terminal that knows OSC 8 opens as the file `path` below `root`."""
        if not self.hyperlinks:
            return text
        from pathlib import PurePosixPath  # noqa: PLC0415 - few terminals are known to have links

        return f"\x1b]8;;{(PurePosixPath(root) / path).as_uri()}\x1b\\{text}\x1b]8;;\x1b\\"


def clean(text: str) -> str:
    """`text` with everything that a terminal would act on, or not show, as an escape: ESC becomes `\\x1b`."""
    return text if text.isprintable() else "".join(glyph(character)[0] for character in text)


def glyph(character: str) -> tuple[str, int]:
    """What to print for `character`, and how many columns it takes (0 for a combining mark)."""
    if " " <= character <= "~":
        return character, 1
    import unicodedata  # noqa: PLC0415 - most files are ASCII

    category = unicodedata.category(character)
    if category in ("Cc", "Cf", "Cs", "Zl", "Zp"):  # with Cf go the marks that reverse the direction of a line
        code = ord(character)
        escape = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
        escape = _NAMED.get(character, escape)
        return escape, len(escape)
    if category in ("Mn", "Me") or "\u1160" <= character <= "\u11ff":  # Hangul vowels and finals join what precedes
        return character, 0
    return character, 2 if unicodedata.east_asian_width(character) in "WF" else 1


def width(text: str) -> int:
    """Columns of `text`, which `clean` has returned."""
    return len(text) if text.isascii() else sum(glyph(character)[1] for character in text)


def fill(text: str, columns: int) -> list[str]:
    """`text` broken between words into lines of at most `columns`.

    A word that is longer than that stays whole, so that paths and addresses can be copied.
    """
    lines: list[str] = []
    used = 0
    for word in text.rstrip(" ").split(" "):
        size = width(word)
        if lines and used + 1 + size <= columns:
            lines[-1] += f" {word}"
            used += 1 + size
        else:
            lines.append(word)
            used = size
    return lines


def table(rows: Iterable[tuple[str, ...]], indent: str = "") -> list[str]:
    """The rows as lines with aligned columns, two spaces between; the last column is ragged."""
    rows = list(rows)
    if not rows:
        return []
    sizes = [max(width(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        indent + "  ".join(cell + " " * (size - width(cell)) for cell, size in zip(row, sizes, strict=True)).rstrip()
        for row in rows
    ]
