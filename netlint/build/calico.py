"""Calico's own words for what its pools do."""

from __future__ import annotations

from netlint.model.located import Located
from netlint.parse.tree import Word

_MODES = {"always": "Always", "crosssubnet": "CrossSubnet", "cross-subnet": "CrossSubnet"}


def enabled(word: Word | None) -> Located[bool] | None:
    """`Enabled` or `Disabled`, as an Installation says it."""
    if word is None or word.text not in ("Enabled", "Disabled"):
        return None
    return Located(word.text == "Enabled", word.span, word.exact)


def encapsulation_of(ipip: Word | None, vxlan: Word | None) -> Located[str] | None:
    """The one word for two modes, of which at most one is on."""
    none: Word | None = None
    for name, word in (("IPIP", ipip), ("VXLAN", vxlan)):
        mode = _MODES.get(word.text.lower()) if word is not None else None
        if word is not None and mode is not None:
            return Located(name if mode == "Always" else name + mode, word.span, word.exact)
        none = none or word
    return Located("None", none.span, none.exact) if none is not None else None
