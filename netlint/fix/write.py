"""Changed texts back to their files: encoding, line ends, mode and links stay as they are."""

from __future__ import annotations

import codecs
import os
import shutil
import tempfile
from contextlib import suppress

from netlint.decode import decode


class WriteError(Exception):
    """The file cannot be written; the text says why."""


def target(root: str, path: str) -> str:
    """The file that the source `path` of a run was read from; WriteError where it is inside an archive or no file."""
    full = os.path.realpath(os.path.join(root, path) if os.path.isdir(root) else root)
    if not os.path.isdir(root) or not os.path.lexists(full):
        raise WriteError("it is inside an archive")
    if not os.path.isfile(full):
        raise WriteError("it is no regular file")
    return full


def write(file: str, before: str, after: str) -> None:
    """Put the text `after` in the place of `before`, which the file still has to hold, in one step."""
    try:
        with open(file, "rb") as opened:
            data = opened.read()
        if decode(data) != before:
            raise WriteError("it has changed since it was read")
        if not os.access(file, os.W_OK):
            raise WriteError("it is write-protected")
        replaced = encoded(data, after)
        handle, temporary = tempfile.mkstemp(prefix=".netlint-", dir=os.path.dirname(file))
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(replaced)
                out.flush()
                os.fsync(out.fileno())
            shutil.copystat(file, temporary)
            os.utime(temporary)
            status = os.stat(file)
            with suppress(PermissionError):  # only root may give files away
                os.chown(temporary, status.st_uid, status.st_gid)
            os.chmod(temporary, status.st_mode & 0o7777)
            os.replace(temporary, file)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise WriteError((error.strerror or str(error)).lower()) from error


def encoded(data: bytes, text: str) -> bytes:
    """`text` as bytes in the encoding of `data`, with the byte order mark that it has."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return mark + text.encode(name)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return text.encode("latin-1")
    return text.encode("utf-8")
