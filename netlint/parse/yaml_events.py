"""What netlint uses of PyYAML. Its own parser's expressions, half the price of the import, wait until it runs."""

from __future__ import annotations

from netlint.pattern import modules_later, patterns_later

modules_later("base64", "binascii")  # for tags that its constructor knows, which is not asked
with patterns_later():
    from yaml.error import MarkedYAMLError
    from yaml.events import (
        AliasEvent,
        DocumentEndEvent,
        DocumentStartEvent,
        MappingEndEvent,
        MappingStartEvent,
        ScalarEvent,
        SequenceEndEvent,
        SequenceStartEvent,
    )
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

__all__ = [
    "AliasEvent",
    "DocumentEndEvent",
    "DocumentStartEvent",
    "MappingEndEvent",
    "MappingStartEvent",
    "MarkedYAMLError",
    "Parser",
    "Reader",
    "ScalarEvent",
    "Scanner",
    "SequenceEndEvent",
    "SequenceStartEvent",
]
