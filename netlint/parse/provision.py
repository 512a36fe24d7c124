"""What a file of provisioning, of cloud-init or Ansible, does to a host: commands, and files that it writes."""

from __future__ import annotations

import base64
import binascii
import re
import zlib

from msgspec import Struct

from netlint.decode import decode
from netlint.parse.placed import Placed
from netlint.parse.shell import Command
from netlint.parse.tree import Scalar, Unsupported

MAX_WRITTEN = 4 << 20  # bytes of a packed file
MAX_TEXT = 4 << 20  # characters of all commands of a file; aliases of YAML may stand for any number
MAX_FILES = 16 << 20  # characters of all files that a file writes
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]*")
_PACKED = re.compile(r"gz(?:ip)?(?:\+b(?:ase)?64)?|b(?:ase)?64|text/plain|")


class Written(Struct, frozen=True, kw_only=True):
    """A file that is written: its path on the host, and its text with the places at which that stands.

    `append`: the text is added to what is there. `certain` is False where it only may be written. `completed` says what
    decides a part of it: "a template".
    """

    path: Scalar
    content: Placed
    append: bool = False
    certain: bool = True
    completed: str = ""


class Provision(Struct, frozen=True, kw_only=True):
    """`commands` in the order in which they run. Their places may be in one of `texts`, which knows where it stands: in
    the file, or in one of `holders`, the parts of a file of several parts, which may stand in one another."""

    commands: tuple[Command, ...]
    files: tuple[Written, ...]
    texts: tuple[Placed, ...]
    holders: tuple[Placed, ...] = ()
    unsupported: tuple[Unsupported, ...] = ()


def inner_path(source: str, path: str) -> str:
    """The name of what the file `source` writes to `path`."""
    return f"{source}:{path}"


def unpacked(scalar: Scalar, encoding: str) -> str | None:
    """The text of a scalar in an encoding of cloud-init's write_files; None where it is broken, too large or binary."""
    encoding = encoding.strip().lower()
    binary = scalar.tag is not None and scalar.tag.endswith("binary")
    if _PACKED.fullmatch(encoding) is None:
        return None
    if not binary and encoding in ("", "text/plain"):
        return scalar.text
    written = scalar.text.encode("utf-8", "surrogateescape")
    data = decoded(written) if binary else written
    if data is not None and encoding.endswith("64"):
        data = decoded(data)
    if data is not None and encoding.startswith("gz"):
        data = inflated(data)
    return decode(data) if data is not None and len(data) <= MAX_WRITTEN else None


def decoded(data: bytes) -> bytes | None:
    """What base64 stands for; None where it is none."""
    if _BASE64.fullmatch(data) is None:
        return None
    try:
        return base64.b64decode(b"".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def inflated(data: bytes) -> bytes | None:
    """What gzip packed; None where it is broken. At most one byte more than MAX_WRITTEN."""
    inflater = zlib.decompressobj(wbits=31)
    try:
        found = inflater.decompress(data, MAX_WRITTEN + 1)
    except zlib.error:
        return None
    return found if inflater.eof else None
