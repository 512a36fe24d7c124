from __future__ import annotations

import io
import lzma
import struct
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint import archive
from netlint.archive import ArchiveError, Member, Refused, members
from netlint.formats import is_archive, strip_suffix

MIB = 1 << 20


def tar(path: Path, *entries: tarfile.TarInfo | tuple[str, bytes], mode: str = "w") -> str:
    with tarfile.open(str(path), mode) as out:  # type: ignore[call-overload]
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                out.addfile(entry)
            else:
                info = tarfile.TarInfo(entry[0])
                info.size = len(entry[1])
                out.addfile(info, io.BytesIO(entry[1]))
    return str(path)


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def read(path: str) -> dict[str, bytes | str]:
    """Content of the members that are read, reasons of those that are not."""
    return {
        member.name: member.read(member.size) if isinstance(member, Member) else member.reason
        for member in members(path)
    }


@pytest.mark.parametrize(
    ("suffix", "mode"), [("tar", "w"), ("tar.gz", "w:gz"), ("tgz", "w:gz"), ("tar.xz", "w:xz"), ("tar.bz2", "w:bz2")]
)
def test_tar(tmp_path: Path, suffix: str, mode: str) -> None:
    path = tar(tmp_path / f"a.{suffix}", ("./host/one.txt", b"1"), special("host", tarfile.DIRTYPE), mode=mode)
    assert read(path) == {"host/one.txt": b"1", "host": "a directory"}


def test_zip(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("host/", "")
        out.writestr("host/one.txt", "1")
        out.writestr("back\\slash.txt", "2")
    assert read(str(path)) == {"host": "a directory", "host/one.txt": b"1", "back/slash.txt": b"2"}


def test_names() -> None:
    assert is_archive("a/HOSTA.TAR.GZ")
    assert not is_archive("a.gz")
    assert [strip_suffix(name) for name in ("a.b.tar.gz", "a.tgz", "a.txt", ".zip")] == ["a.b", "a", "a.txt", ".zip"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil", "leads out of the archive"),
        ("a/../../evil", "leads out of the archive"),
        ("a/..", "leads out of the archive"),
        ("..\\evil", "leads out of the archive"),
        ("/etc/passwd", "absolute"),
        ("C:\\evil", "absolute"),
        ("a\x1b[2J", "control character"),
    ],
)
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_names_that_lead_out(tmp_path: Path, kind: str, name: str, reason: str) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "tar":
        tar(path, (name, b"x"), ("good", b"y"))
    else:
        with zipfile.ZipFile(path, "w") as out:
            out.writestr(name, "x")
            out.writestr("good", "y")
    found = read(str(path))
    assert reason in str(found[name])
    assert found["good"] == b"y"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices(tmp_path: Path, kind: bytes) -> None:
    path = tar(tmp_path / "a.tar", special("odd", kind, "/etc/shadow"), ("good", b"y"))
    odd, good = members(path)
    assert isinstance(odd, Refused)
    assert odd.harmless
    assert good.name == "good"


def test_zip_with_a_link(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as out:
        info = zipfile.ZipInfo("link")
        info.external_attr = 0o120777 << 16
        out.writestr(info, "/etc/shadow")
    assert read(str(path)) == {"link": "a link or device"}


def test_second_member_of_a_name(tmp_path: Path) -> None:
    found = list(members(tar(tmp_path / "a.tar", ("a", b"1"), ("./a", b"2"))))
    assert [type(one) for one in found] == [Member, Refused]
    assert "only the first is read" in found[1].reason  # type: ignore[union-attr]


def test_encrypted_zip(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("secret", "x")
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flag of encryption in both headers
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    assert read(str(path)) == {"secret": "encrypted"}


def test_bomb_in_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("zeros", bytes(100 * MIB))
        out.writestr("good", "y")
    found = read(str(path))
    assert found["good"] == b"y"
    assert "far more" in str(found["zeros"])


def test_many_small_bombs_in_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for number in range(5):
            out.writestr(str(number), bytes(20 * MIB))
    with pytest.raises(ArchiveError, match="far more"):
        read(str(path))


@pytest.mark.parametrize("skipped", [True, False])
def test_bomb_in_a_tar(tmp_path: Path, skipped: bool) -> None:
    path = tmp_path / "a.tar.xz"
    with lzma.open(path, "wb", preset=0) as out:
        info = tarfile.TarInfo("zeros")
        info.size = 100 * MIB
        out.write(info.tobuf())
        for _ in range(100):
            out.write(bytes(MIB))
    with pytest.raises(ArchiveError, match="far more"):
        list(members(str(path))) if skipped else read(str(path))


def test_lying_size_in_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("a", bytes(MIB))
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 10)
    path.write_bytes(data)
    (member,) = members(str(path))
    assert isinstance(member, Member)
    with pytest.raises(OSError, match="damaged"):
        member.read(MIB)


def test_number_of_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    path = tar(tmp_path / "a.tar", *((str(number), b"") for number in range(4)))
    with pytest.raises(ArchiveError, match="more than 3 members"):
        list(members(path))


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.zip"])
def test_damage(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"no archive at all, but long enough to be looked at" * 30)
    with pytest.raises(ArchiveError):
        list(members(str(path)))


def test_cut_archive(tmp_path: Path) -> None:
    path = Path(tar(tmp_path / "a.tar.gz", ("a", bytes(range(256)) * 400), mode="w:gz"))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ArchiveError):
        read(str(path))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_flipped_bytes_never_raise_anything_else(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("flip")
    suffix = data.draw(st.sampled_from(["tar", "tar.gz", "tar.xz", "zip"]))
    path = folder / f"a.{suffix}"
    if suffix == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
            out.writestr("a", b"hello" * 50)
            out.writestr("b/c", b"x")
    else:
        tar(path, ("a", b"hello" * 50), ("b/c", b"x"), mode=f"w:{suffix[4:]}" if suffix != "tar" else "w")
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with suppress(ArchiveError, OSError):
        read(str(path))
