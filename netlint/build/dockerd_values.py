"""What the readers of dockerd's file and of its flags share: whether a text is a value, and pools."""

from __future__ import annotations

import re

from netlint.build.dockerd_options import OptionType
from netlint.model.daemon import Pool, Setting
from netlint.model.located import Located
from netlint.prefix import parse_address, parse_prefix
from netlint.source import Span

# $NAME, ${NAME}, {{ name }}, {% … %}, #{name}, %{ … }, <% … %>, <name>, %i, @NAME@
_OPEN = re.compile(r"\$\{?\w|\$\(|`|\{\{|\{%|#\{|%\{|<%|<[^<>\s]+>|%[a-zA-Z]|@\w+@")


def is_exact(text: str) -> bool:
    """False where a variable, a specifier or a template mark stands in `text`, so that dockerd sees something else."""
    return _OPEN.search(text) is None


def text_error(kind: OptionType, text: str) -> str:
    """What dockerd has against a string as a value of `kind`; empty where nothing, or where it is not exact."""
    wants_address = kind in (OptionType.ADDRESS, OptionType.ADDRESSES)
    if wants_address and text and is_exact(text) and ("%" in text or parse_address(text) is None):
        return "must be an IP address"
    return ""


def make_pool(span: Span, base: Located[str] | None, size: Located[int] | None, setting: Setting) -> Pool:
    """A pool; its base counts as a prefix only with a length, as dockerd has it."""
    prefix = parse_prefix(base.value) if base is not None and "/" in base.value else None
    return Pool(span=span, written=base, base=prefix, size=size, setting=setting)
