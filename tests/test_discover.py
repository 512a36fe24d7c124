from __future__ import annotations

import io
import os
import socket
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlint import discover as module
from netlint.decode import decode
from netlint.discover import Discovery, DiscoveryError, discover

SHARED = Path(__file__).resolve().parents[1] / "../shared"
COMPOSE = "services:\n  web:\n    image: nginx\n"
ROUTE = "default via 10.0.0.1 dev eth0\n"
DUMP = "*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory `site` in the working directory."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


def write(folder: Path, **files: str | bytes) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def formats(found: Discovery) -> dict[str, str]:
    return {item.source.path: item.format for item in found.inputs}


def reasons(found: Discovery) -> dict[str, str]:
    return {item.path: item.reason for item in found.unreadable}


def test_directory(site: Path) -> None:
    write(site, **{"app/compose.yaml": COMPOSE, "hostA/ip-route.txt": ROUTE, "README.md": ROUTE, "main.py": "x = 1\n"})
    found = discover(["site"])
    assert formats(found) == {"app/compose.yaml": "compose", "hostA/ip-route.txt": "ip-route"}
    assert found.root == str(site)
    assert found.ignored == 2
    assert found.unreadable == found.skipped == []
    assert found.named == frozenset()
    assert not any(item.named for item in found.inputs)


@pytest.mark.parametrize("name", [".git", "node_modules", ".venv", "__pycache__", ".terraform", ".cache"])
def test_directories_that_are_not_entered(site: Path, name: str) -> None:
    write(site, **{f"{name}/compose.yaml": COMPOSE, "gitlab/compose.yaml": COMPOSE, ".env/compose.yaml": COMPOSE})
    assert list(formats(discover(["site"]))) == [".env/compose.yaml", "gitlab/compose.yaml"]


def test_one_file_is_named_relative_to_the_working_directory(site: Path) -> None:
    write(site, **{"compose.yaml": COMPOSE})
    found = discover([str(site / "compose.yaml")])
    assert formats(found) == {"site/compose.yaml": "compose"}
    assert found.named == {"site/compose.yaml"}
    assert found.inputs[0].named


def test_several_paths(site: Path, tmp_path: Path) -> None:
    write(site, **{"a/compose.yaml": COMPOSE, "b/ip-route.txt": ROUTE})
    found = discover(["site/a", "site/b/ip-route.txt", "site/b"])
    assert formats(found) == {"site/a/compose.yaml": "compose", "site/b/ip-route.txt": "ip-route"}
    assert found.root == str(tmp_path)
    assert [item.named for item in found.inputs] == [False, True]


def test_files_given_by_name_that_cannot_be_read(site: Path) -> None:
    write(site, binary=b"\x7fELF\0\0", notes="hello\n", **{"late.txt": DUMP.encode() * 4000 + b"\0"})
    os.mkfifo(site / "pipe")
    found = discover(["site/nosuch", "site/binary", "site/notes", "site/late.txt", "site/pipe"])
    assert reasons(found) == {
        "site/nosuch": "no such file or directory",
        "site/binary": "binary",
        "site/notes": "of no format that netlint knows",
        "site/late.txt": "begins as text and goes on as binary",
        "site/pipe": "neither a regular file nor a directory",
    }
    assert found.named == set(reasons(found))
    assert found.inputs == []


def test_files_in_a_directory_that_are_no_inputs(site: Path) -> None:
    write(site, binary=b"\x7fELF\0\0", notes="hello\n", empty="", **{"a.png": ROUTE})
    os.mkfifo(site / "compose.yaml")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("site/docker.sock")
        found = discover(["site"])
    assert (found.inputs, found.skipped, found.ignored) == ([], [], 4)
    assert reasons(found) == {"compose.yaml": "neither a regular file nor a directory"}, "named as an input"


def test_recognised_formats_without_a_parser_are_inputs(site: Path) -> None:
    write(site, fw="Chain INPUT (policy ACCEPT)\n", ps="CONTAINER ID   IMAGE\n")
    assert formats(discover(["site"])) == {"fw": "iptables-L", "ps": "docker-ps"}


def test_links(site: Path, tmp_path: Path) -> None:
    write(site, **{"etc/resolv.conf": "nameserver 10.0.0.2\n"})
    write(tmp_path, **{"outside/compose.yaml": COMPOSE, "outside/ip-route.txt": ROUTE})
    (site / "resolv.conf").symlink_to("etc/resolv.conf")
    (site / "ip-route.txt").symlink_to("../outside/ip-route.txt")
    (site / "notes.txt").symlink_to("../outside/ip-route.txt")
    (site / "all").symlink_to("../outside")
    (site / "loop").symlink_to(".")
    found = discover(["site"])
    assert formats(found) == {"etc/resolv.conf": "resolv-conf"}
    assert [item.path for item in found.skipped] == ["ip-route.txt"]
    assert formats(discover(["site/all"])) == {"compose.yaml": "compose", "ip-route.txt": "ip-route"}


def test_standard_input() -> None:
    found = discover(["-"], stdin=io.BytesIO(DUMP.encode()))
    assert formats(found) == {"stdin": "iptables-save"}
    found = discover(["-"], stdin=io.BytesIO(b"x: 1\n"), as_format="compose", stdin_filename="app/compose.yaml")
    assert formats(found) == {"app/compose.yaml": "compose"}
    assert found.named == {"app/compose.yaml"}
    assert reasons(discover(["-"], stdin=io.BytesIO(b"hello\n"))) == {"stdin": "of no format that netlint knows"}


def test_arguments_without_sense() -> None:
    with pytest.raises(DiscoveryError, match="did you mean iptables-save"):
        discover(["."], as_format="iptables-sav")
    with pytest.raises(DiscoveryError, match="needs the path -"):
        discover(["."], stdin_filename="a")
    with pytest.raises(DiscoveryError, match="standard input"):
        discover(["-"])


def test_format_given_for_files_by_name_only(site: Path) -> None:
    write(site, a="-A INPUT -j DROP\n", **{"b/compose.yaml": COMPOSE})
    assert formats(discover(["site/a", "site/b"], as_format="iptables-save")) == {
        "site/a": "iptables-save",
        "site/b/compose.yaml": "compose",
    }


def test_script_given_by_name(site: Path) -> None:
    write(site, **{"hello.sh": "#!/bin/sh\necho zip it\n"})
    assert formats(discover(["site/hello.sh"])) == {"site/hello.sh": "shell-script"}
    assert formats(discover(["site"])) == {}


def test_sizes(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TREE", 1 << 20)
    monkeypatch.setattr(module, "MAX_TEXT", 2 << 20)
    filler = "# x\n" * (400 << 10)
    write(
        site,
        **{"a.txt": DUMP + filler, "b.txt": DUMP + filler * 2, "compose.yaml": COMPOSE + filler, "c.log": filler * 2},
    )
    found = discover(["site"])
    assert formats(found) == {"a.txt": "iptables-save"}
    assert len(found.inputs[0].source.text) == len(DUMP + filler)
    assert reasons(found) == {"b.txt": "larger than 2 MiB", "compose.yaml": "larger than 1 MiB"}
    stream = io.BytesIO((DUMP + filler * 2).encode())
    assert reasons(discover(["-"], stdin=stream)) == {"stdin": "larger than 2 MiB"}


def test_yaml_whose_services_come_late(site: Path) -> None:
    write(
        site, **{"app.yaml": "x-a: &a {image: x}\n" + "# x\n" * (60 << 10) + "services:\n  web: *a\n  db: {image: y}\n"}
    )
    assert formats(discover(["site"])) == {"app.yaml": "compose"}


def test_namespace(site: Path) -> None:
    write(site, **{"containers/web/ip-route.txt": ROUTE, "ip-route.txt": ROUTE, "containers/web/compose.yaml": COMPOSE})
    assert {item.source.path: item.namespace for item in discover(["site"]).inputs} == {
        "containers/web/compose.yaml": None,
        "containers/web/ip-route.txt": "web",
        "ip-route.txt": None,
    }


def test_unreadable_file(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(site, **{"daemon.json": "{}", "shadow": "x"})

    def refuse(path: str, mode: str) -> Iterator[bytes]:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("builtins.open", refuse)
    found = discover(["site"])
    assert reasons(found) == {"daemon.json": "permission denied"}
    assert [item.path for item in found.skipped] == ["shadow"]


def test_archive(site: Path) -> None:
    write(site, **{"h/etc/docker/daemon.json": "{}", "h/ip-route.txt": ROUTE, "h/node_modules/compose.yaml": COMPOSE})
    with tarfile.open(site / "dump.tar.gz", "w:gz") as out:
        out.add(site / "h", "h")
        info = tarfile.TarInfo("../evil.txt")
        out.addfile(info)
        link = tarfile.TarInfo("h/ip-addr.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/shadow"
        out.addfile(link)
    found = discover(["site/dump.tar.gz"])
    assert formats(found) == {"h/etc/docker/daemon.json": "daemon-json", "h/ip-route.txt": "ip-route"}
    assert found.root == str(site / "dump.tar.gz")
    assert reasons(found) == {"../evil.txt": "not read from the archive: a path that leads out of the archive"}
    assert [item.path for item in found.skipped] == ["h/ip-addr.txt"]


def test_archives_beside_others(site: Path) -> None:
    for name in ("a", "b"):
        with zipfile.ZipFile(site / f"{name}.zip", "w") as out:
            out.writestr("ip-route.txt", ROUTE)
    assert list(formats(discover(["site/a.zip", "site/b.zip"]))) == [
        "site/a.zip/ip-route.txt",
        "site/b.zip/ip-route.txt",
    ]
    found = discover(["site"])
    assert found.inputs == []
    assert [item.path for item in found.skipped] == ["a.zip", "b.zip"]


def test_damaged_archive(site: Path) -> None:
    write(site, **{"dump.tar.gz": "no archive"})
    found = discover(["site/dump.tar.gz"])
    assert list(reasons(found)) == ["dump.tar.gz"]
    assert "damaged" in reasons(found)["dump.tar.gz"]
    assert found.named == {"dump.tar.gz"}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain", "plain"),
        ("\ufeffgrün".encode(), "grün"),
        ("grün".encode("utf-16"), "grün"),
        ("\ufeffgrün".encode("utf-16-be"), "grün"),
        ("grün".encode("latin-1"), "grün"),
        (b"a\0b", None),
        (b"\xff\x01\x02", None),
        (b"\x1b[1mbold", "\x1b[1mbold"),
        (b"", ""),
    ],
)
def test_decode(data: bytes, text: str | None) -> None:
    assert decode(data) == text


def test_decode_a_cut_beginning() -> None:
    assert decode("grün".encode()[:3], whole=False) == "gr"


@given(st.binary(max_size=200))
def test_decode_never_raises(data: bytes) -> None:
    text = decode(data)
    assert text is None or "\0" not in text or data[:2] in (b"\xff\xfe", b"\xfe\xff")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the incidents are not beside this checkout")
def test_every_file_of_the_incidents_is_an_input() -> None:
    for folder in sorted((SHARED / "incidents/dev").glob("*/broken")):
        found = discover([str(folder)])
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert set(formats(found)) == files
        assert found.unreadable == found.skipped == []
