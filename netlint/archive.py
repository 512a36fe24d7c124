"""Reads archives in memory: members one by one, nothing ever written, hostile ones refused by name."""

from __future__ import annotations

import io
import os
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

from msgspec import Struct, structs

if TYPE_CHECKING:  # both are imported where an archive is opened: a check of plain files does not pay for them
    import tarfile
    import zipfile

MAX_MEMBERS = 100_000
MAX_TOTAL = 2 << 30
# A listing compresses to a thirtieth or so; zeros reach 1:1000 (deflate) and 1:7000 (xz).
MAX_RATIO = 300
_RATIO_FLOOR = 64 << 20
_TOO_MUCH = "unpacks to far more than an archive of listings does; the rest is not read"


class ArchiveError(Exception):
    """The archive cannot be read on from here."""


class Member(Struct, frozen=True):
    """A regular file of an archive.

    `read(n)` gives its next n bytes and must be called before the next member is asked for; OSError where this member
    alone is damaged, ArchiveError where nothing behind it can be read either.
    """

    name: str
    size: int
    read: Callable[[int], bytes]


class Refused(Struct, frozen=True):
    """A member that is not read. `harmless`: a link or device, as any dump of a whole system holds them."""

    name: str
    reason: str
    harmless: bool = False


def members(path: str) -> Iterator[Member | Refused]:
    """The members of the archive at `path`, in its order; ArchiveError or OSError where it cannot be read (on).

    Names come with `/` between their parts and without a leading `./`. Of equal names only the first is read.
    """
    allowance = min(MAX_TOTAL, max(_RATIO_FLOOR, MAX_RATIO * os.path.getsize(path)))
    seen: set[str] = set()
    with open(path, "rb") as file:
        found = _zip(file, allowance) if path.lower().endswith(".zip") else _tar(file, allowance)
        for count, member in enumerate(found):
            if count >= MAX_MEMBERS:
                raise ArchiveError(f"more than {MAX_MEMBERS:,} members; the rest is not read")
            reason = _bad_name(member.name)
            name = "/".join(part for part in member.name.replace("\\", "/").split("/") if part not in ("", "."))
            if reason:
                yield Refused(member.name, reason)
            elif isinstance(member, Member) and name in seen:
                yield Refused(name, "a second member of this name; only the first is read")
            elif name:
                seen.add(name)
                yield structs.replace(member, name=name)


def _bad_name(name: str) -> str:
    parts = name.replace("\\", "/")
    if parts.startswith("/") or re.match(r"[A-Za-z]:/", parts):
        return "an absolute path"
    if ".." in parts.split("/"):
        return "a path that leads out of the archive"
    return "a name with a control character" if re.search(r"[\x00-\x1f\x7f]", parts) else ""


class _Bounded(io.RawIOBase):
    """A decompressed stream that ends in ArchiveError where it is damaged or gives more than `allowance` bytes."""

    def __init__(self, stream: IO[bytes], allowance: int) -> None:
        self.stream = stream
        self.left = allowance

    def read(self, size: int = -1) -> bytes:
        with _damage():
            data = self.stream.read(min(size, 1 << 20) if size >= 0 else 1 << 20)
        self.left -= len(data)
        if self.left < 0:
            raise ArchiveError(_TOO_MUCH)
        return data


@contextmanager
def _damage() -> Iterator[None]:
    """Whatever the libraries raise of a damaged archive, as ArchiveError."""
    import lzma  # noqa: PLC0415
    import tarfile  # noqa: PLC0415
    import zipfile  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    try:
        yield
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, OSError) as error:
        raise ArchiveError(f"damaged or no archive: {error}") from error
    except (ValueError, OverflowError, NotImplementedError, RuntimeError, struct.error) as error:  # of absurd headers
        raise ArchiveError(f"damaged or no archive: {error}") from error


def _tar(file: IO[bytes], allowance: int) -> Iterator[Member | Refused]:
    import tarfile  # noqa: PLC0415

    stream = _Bounded(_decompressed(file), allowance)
    with _damage():
        archive = tarfile.open(fileobj=stream, mode="r|")  # noqa: SIM115 - holds nothing but the stream
    while True:
        with _damage():
            info = archive.next()
        if info is None:
            return
        archive.members.clear()  # type: ignore[attr-defined]  # tarfile would keep every header
        yield _tar_member(archive, info)


def _decompressed(file: IO[bytes]) -> IO[bytes]:
    import bz2  # noqa: PLC0415
    import gzip  # noqa: PLC0415
    import lzma  # noqa: PLC0415

    start = file.read(6)
    file.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return cast("IO[bytes]", gzip.open(file))
    if start.startswith(b"BZh"):
        return bz2.open(file)
    if start.startswith(b"\xfd7zXZ\0"):
        return lzma.open(file)
    return file


def _tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Member | Refused:
    if info.isdir():
        return Refused(info.name, "a directory", harmless=True)
    if info.issym() or info.islnk():
        return Refused(info.name, "a link", harmless=True)
    if not info.isfile():
        return Refused(info.name, "a device, pipe or unknown kind of member", harmless=True)
    if info.issparse():
        return Refused(info.name, "a sparse file")
    content = archive.extractfile(info)
    assert content is not None  # of a regular file

    def read(size: int) -> bytes:
        with _damage():
            return content.read(size)

    return Member(info.name, info.size, read)


def _zip(file: IO[bytes], allowance: int) -> Iterator[Member | Refused]:
    import zipfile  # noqa: PLC0415

    left = [allowance]
    with _damage():
        archive = zipfile.ZipFile(file)
    for info in archive.infolist():
        yield _zip_member(archive, info, left)


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: list[int]) -> Member | Refused:
    kind = info.external_attr >> 28  # the file type of st_mode, where the archive was made on Unix
    if info.filename.endswith("/"):
        return Refused(info.filename, "a directory", harmless=True)
    if kind not in (0, 0o10):
        return Refused(info.filename, "a link or device", harmless=True)
    if info.flag_bits & 1:
        return Refused(info.filename, "encrypted")
    if info.file_size > max(_RATIO_FLOOR, MAX_RATIO * info.compress_size):
        return Refused(info.filename, "unpacks to far more than a listing does")
    try:
        with _damage():
            content = archive.open(info)
    except ArchiveError as error:  # the other members have directory entries of their own
        return Refused(info.filename, str(error))

    def read(size: int) -> bytes:
        try:
            with _damage():
                data = content.read(size)
        except ArchiveError as error:
            raise OSError(str(error)) from error
        left[0] -= len(data)
        if left[0] < 0:
            raise ArchiveError(_TOO_MUCH)
        return data

    return Member(info.filename, info.file_size, read)
