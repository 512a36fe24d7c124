"""Input that is meant to harm: whatever it is, the answer comes in time, names a place, and acts on no terminal."""

import codecs
import io
import json
import os
import re
import socket
import stat
import struct
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from netlint.cli import main
from netlint.report.json import encode

COMPOSE = 'services: {db: {image: x, ports: ["5432:5432"]}}\n'
FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit", "markdown", "html")
SECONDS = 20  # far more than any of it takes on a slow machine, and far less than what it is to prevent

Check = Callable[..., tuple[int, str]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """Checks files, given by name as text or bytes, and gives exit status and all output."""
    monkeypatch.chdir(tmp_path)

    def check(files: dict[str, str | bytes], *words: str) -> tuple[int, str]:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
        start = time.process_time()
        status = main(["check", *(words or ["."])])
        assert time.process_time() - start < SECONDS
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    return check


def aliases(levels: int) -> str:
    lines = ["x0: &x0 [a, a, a, a, a, a, a, a, a]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\nservices: {a: {image: x}}\n"


CIRCLES = """\
*filter
:FORWARD DROP [0:0]
:A - [0:0]
:B - [0:0]
:C - [0:0]
-A A -j A
-A B -j C
-A C -j B
-A FORWARD -j A
-A FORWARD -j B
COMMIT
"""


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("compose.yaml", aliases(12), "stand for more than"),
        ("compose.yaml", f"services: {'[' * 5000}", "levels"),
        ("compose.yaml", "services:\n" + "\n".join(" " * n + "a:" for n in range(1, 500)), "levels"),
        ("daemon.json", '{"bip": ' + "[" * 5000, "levels"),
        ("daemon.json", '{"a":' * 5000, "levels"),
        ("compose.yaml", "services:\n  a: {image: x, ports: ['" + "${A:-" * 3000 + "']}\n", "variable"),
        ("compose.yaml", "<<: &a\n  <<: *a\nservices: {a: {image: x}}\n", "alias"),
        ("compose.yaml", "services: {a: {image: x, extends: b}, b: {image: x, extends: {service: a}}}\n", ""),
        ("compose.yaml", "include: [compose.yaml]\nservices: {a: {image: x}}\n", ""),
        ("setup.sh", "#!/bin/sh\n" + "(" * 3000 + "iptables -F" + ")" * 3000 + "\n", ""),
        ("setup.sh", "#!/bin/sh\n" + "if true; then " * 2000 + "iptables -F\n", ""),
        ("setup.sh", "#!/bin/sh\nA=x\n" + "A=$A$A$A$A\n" * 40 + "ip route add $A via 10.0.0.1\n", ""),
        ("setup.sh", "#!/bin/sh\nf() { f; }\nf\ng() { h; }\nh() { g; }\ng\niptables -F\n", ""),
        ("nft.txt", "table ip a {\n" + "set s { " * 500, ""),
        ("iptables-save.txt", CIRCLES, ""),
        ("docker.service", "[Service]\nExecStart=/usr/bin/dockerd " + "$A" * 5000 + '\nEnvironment="A=$A"\n', ""),
        ("ip-route.txt", "default via 10.0.0.1 dev eth0\n" + "10.0.0.0/8 " * 100_000 + "\n", ""),
    ],
)  # fmt: skip
def test_bombs(check: Check, name: str, text: str, said: str) -> None:
    status, output = check({name: text})
    assert status in (0, 1, 3)
    assert said in output
    assert "Traceback" not in output


def test_lines_without_end(check: Check, tmp_path: Path) -> None:
    """A gigabyte on one line, as text (what a hole in a file reads as is no text), is refused by its size alone."""
    with (tmp_path / "compose.yaml").open("wb") as file:
        file.write(b"services: {a: {image: x}} #")
        file.write(b"x" * (1 << 20))
        file.truncate(1 << 30)
    status, output = check(
        {"long.yaml": b"services:\n  a: {image: x, ports: ['80:80'], user: '" + b"y" * (65 << 20) + b"'}\n"}
    )
    assert status == 3
    assert "compose.yaml" in output
    assert "larger than 64 MiB" in output


def test_long_line_is_quoted_around_the_place(check: Check) -> None:
    status, output = check({"compose.yaml": COMPOSE.replace("image", "x-a: '" + "y" * 3_000_000 + "', image")})
    assert status == 1
    assert "NL801" in output
    assert max(map(len, output.splitlines())) < 200


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (COMPOSE.encode("utf-16"), 1),
        (codecs.BOM_UTF16_BE + COMPOSE.encode("utf-16-be"), 1),
        (codecs.BOM_UTF8 + COMPOSE.encode(), 1),
        ("# gr\xfc\xdfe\n".encode("latin-1") + COMPOSE.encode(), 1),
        (COMPOSE.encode("utf-16-le"), 3),
        (COMPOSE.encode("utf-32"), 3),
        (COMPOSE.replace("db", "d\0b").encode(), 3),
        (b"\x1f\x8b\x08\0" + os.urandom(200), 3),
        (b"", 3),
        (b"\xff" * 100, 2),
    ],
)
def test_encodings(check: Check, data: bytes, status: int) -> None:
    """What is text in a known encoding is read; what is not is said to be unread, in a directory too."""
    found, output = check({"compose.yaml": data}, "compose.yaml")
    if status == 2:  # Latin-1, and no YAML
        assert "NL901" in output
        return
    assert found == status
    found, output = check({})
    assert ("NL801" in output) == (status == 1)
    assert "compose.yaml" in output or data == b""


def test_what_is_no_file(check: Check, tmp_path: Path) -> None:
    """Pipes, sockets, devices and links that lead out, in circles or nowhere are not opened, and said where their name
    promises an input."""
    os.mkfifo(tmp_path / "compose.yaml")
    (tmp_path / "docker-compose.yml").symlink_to("/etc/hostname")
    (tmp_path / "iptables-save.txt").symlink_to("nowhere")
    (tmp_path / "ip-route.txt").symlink_to("ip-route.txt")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/up").symlink_to("..")
    (tmp_path / "sub/self").symlink_to(".")
    names = ["compose.yaml", "docker-compose.yml", "iptables-save.txt", "ip-route.txt"]
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("daemon.json")
        if os.geteuid() == 0:
            try:
                os.mknod(tmp_path / "resolv.conf", stat.S_IFCHR | 0o600, os.makedev(1, 5))
                names.append("resolv.conf")
            except OSError:
                pass
        status, output = check({"sub/compose.yaml": COMPOSE})
    assert status == 1
    for name in [*names, "daemon.json"]:
        assert name in output
    status, output = check({}, "compose.yaml")
    assert status == 3
    assert "neither a regular file nor a directory" in output


def archived(build: Callable[[tarfile.TarFile], None]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        build(archive)
    return buffer.getvalue()


def member(
    name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = ""
) -> Callable[[tarfile.TarFile], None]:
    def build(archive: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.type, info.linkname = len(data), kind, link
        archive.addfile(info, io.BytesIO(data))

    return build


@pytest.mark.parametrize(
    "build",
    [
        member("../../etc/cron.d/compose.yaml", COMPOSE.encode()),
        member("/etc/compose.yaml", COMPOSE.encode()),
        member("compose.yaml", kind=tarfile.SYMTYPE, link="/etc/passwd"),
        member("compose.yaml", kind=tarfile.LNKTYPE, link="../../etc/passwd"),
        member("compose.yaml", kind=tarfile.CHRTYPE),
        member("compose.yaml", kind=tarfile.FIFOTYPE),
        member("compose.yaml", b"\0" * (80 << 20)),
    ],
)
def test_archives_that_lead_out_or_explode(
    check: Check, tmp_path: Path, build: Callable[[tarfile.TarFile], None]
) -> None:
    before = sorted(path for path in tmp_path.parent.rglob("*"))
    status, output = check({"dump.tar.gz": archived(build)}, "dump.tar.gz")
    assert status == 3
    assert "compose.yaml" in output or "dump.tar.gz" in output
    assert {path.name for path in tmp_path.parent.rglob("*")} - {path.name for path in before} <= {"dump.tar.gz"}


def test_zip_bomb_and_lying_sizes(check: Check) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("compose.yaml", b"#" * (200 << 20))
    status, output = check({"dump.zip": buffer.getvalue()}, "dump.zip")
    assert status == 3
    assert "compose.yaml" in output
    data = archived(member("compose.yaml", COMPOSE.encode()))
    huge = tarfile.TarInfo("compose.yaml")
    huge.size = 1 << 60
    for broken in (data[:40], data[:-20], huge.tobuf(), struct.pack("<I", 0x04034B50) * 100):
        for name in ("a.tar.gz", "a.tar", "a.zip"):
            status, output = check({name: broken}, name)
            assert status in (1, 3)
            assert name in output


EVIL = "x\x1b[2J\x1b]0;owned\x07\u202e\r\n::error::owned %0A|`<img src=x onerror=alert(1)>](javascript:alert(1)) @all"


@pytest.mark.parametrize("format", FORMATS)
def test_names_and_comments_are_text_and_nothing_else(check: Check, format: str) -> None:
    name = json.dumps(EVIL)
    files: dict[str, str | bytes] = {
        "compose.yaml": f"# netlint: ignore[NL216] {EVIL[:4]}::warning::x<b>\n"
        f'services: {{{name}: {{image: x, ports: ["5432:5432"], networks: [{name}]}}}}\n'
        f"networks: {{{name}: {{driver: bridge, ipam: {{config: [{{subnet: 10.0.0.5/24}}]}}}}}}\n",
        "daemon.json": json.dumps({EVIL: 1, "bip": "10.0.0.1/24"}),
        "<img src=x>\n::error::x\x1b[31m/docker-compose.yml": COMPOSE,
    }
    status, output = check(files, ".", "--format", format, "--confidence", "low", "-v")
    assert status == 1
    assert not re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", output)
    if format == "github":
        assert all(re.match("::(error|warning|notice) title=netlint", line) for line in output.splitlines())
    if format in ("markdown", "junit"):
        assert "<img" not in output
    if format in ("json", "sarif", "gitlab"):
        json.loads(output)


@pytest.mark.parametrize(
    "words", [["show"], ["show", "--format", "mermaid"], ["show", "--format", "dot"], ["plan"], ["fix", "--diff"]]
)
def test_other_commands_print_no_control_characters(
    check: Check, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    name = json.dumps(EVIL)
    text = (
        f'services: {{{name}: {{image: x, ports: ["5432:5432", "localhost:1:1"], networks: [{name}]}}}}\n'
        f"networks: {{{name}: {{ipam: {{config: [{{subnet: 10.0.0.5/24}}]}}}}}}\n"
    )
    check({"a\x1b[2J/compose.yaml": text})
    main(words)
    captured = capsys.readouterr()
    assert not re.findall("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", captured.out + captured.err)


def test_a_name_of_no_encoding(check: Check, tmp_path: Path) -> None:
    """A file's name is bytes: those that are no UTF-8 come out as something that can be stored."""
    folder = os.fsencode(tmp_path) + b"/\xff\xfe"
    os.mkdir(folder)
    with open(folder + b"/compose.yaml", "wb") as file:
        file.write(COMPOSE.encode())
    for name in FORMATS:
        status, output = check({}, ".", "--format", name)
        assert status == 1
        assert encode(output)


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services:\n" + "".join(f"  s{n}: {{image: x, ports: ['{n}:5432']}}\n" for n in range(1, 1000))
    )
    command = f"{sys.executable} -m netlint check {tmp_path} | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
