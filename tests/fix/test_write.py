"""Changed files keep their encoding, line ends, mode and links; what cannot be written is said and left."""

import codecs
import os
import stat
from pathlib import Path

import pytest

from netlint.fix.write import WriteError, target, write

TEXT = "a: 1 # gr\u00fc\u00df\r\nb: 2\n"


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (b"", "latin-1"),
    ],
)
def test_encoding(tmp_path: Path, mark: bytes, encoding: str) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(mark + TEXT.encode(encoding))
    write(str(file), TEXT, TEXT.replace("1", "7"))
    assert file.read_bytes() == mark + TEXT.replace("1", "7").encode(encoding)
    assert os.listdir(tmp_path) == ["f.yaml"]


def test_mode_and_link(tmp_path: Path) -> None:
    file = tmp_path / "real" / "f.yaml"
    file.parent.mkdir()
    file.write_text("a: 1\n")
    file.chmod(0o640)
    (tmp_path / "link.yaml").symlink_to(file)
    write(target(str(tmp_path), "link.yaml"), "a: 1\n", "a: 2\n")
    assert (tmp_path / "link.yaml").is_symlink()
    assert file.read_text() == "a: 2\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_changed_since(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("a: 3\n")
    with pytest.raises(WriteError, match="has changed since it was read"):
        write(str(file), "a: 1\n", "a: 2\n")
    assert file.read_text() == "a: 3\n"


def test_write_protected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("a: 1\n")
    monkeypatch.setattr(os, "access", lambda *_: False)  # for root every file can be written
    with pytest.raises(WriteError, match="write-protected"):
        write(str(file), "a: 1\n", "a: 2\n")


def test_failure_leaves_the_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("a: 1\n")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(WriteError, match="no space left on device"):
        write(str(file), "a: 1\n", "a: 2\n")
    assert os.listdir(tmp_path) == ["f.yaml"]
    assert file.read_text() == "a: 1\n"


def test_no_file_of_its_own(tmp_path: Path) -> None:
    archive = tmp_path / "dump.tar"
    archive.write_bytes(b"")
    for root, path in ((archive, "compose.yaml"), (tmp_path, "dump.tar/compose.yaml")):
        with pytest.raises(WriteError, match="inside an archive"):
            target(str(root), path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(WriteError, match="no regular file"):
        target(str(tmp_path), "folder")
