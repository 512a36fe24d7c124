"""The one image of the lab, made without a registry: busybox and a server that names its clients."""

from __future__ import annotations

import contextlib
import shutil
from functools import cache
from pathlib import Path

from tests.lab.net import make_folder, run

IMAGE = "lab:1"
PORTS = (80, 443, 5432, 8080, 8500)
CHANGE = 'ENTRYPOINT ["/bin/serve"]'
READY = "/tmp/ready"  # there while a container serves
_ANSWER = r"""#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\n%s\n' "$REMOTE_ADDR"
"""
# Whatever arguments an example passes, the container serves; the trap lets an engine stop it without a timeout.
_SERVE = f"""#!/bin/sh
trap 'rm -f {READY}; kill $!' TERM
for port in {" ".join(map(str, PORTS))}; do /bin/httpd -p $port -h /www; done
sleep 3600 &
touch {READY}
wait
"""


@cache
def root() -> Path:
    """The image's file system, made once a run."""
    folder = make_folder("image")
    for name in ("bin", "tmp", "etc", "www/cgi-bin"):
        (folder / name).mkdir(parents=True)
    (folder / "tmp").chmod(0o1777)
    shutil.copy(str(shutil.which("busybox")), folder / "bin" / "busybox")
    for tool in run("busybox", "--list").split():
        with contextlib.suppress(FileExistsError):
            (folder / "bin" / tool).symlink_to("busybox")
    for name, text in (("www/cgi-bin/client", _ANSWER), ("bin/serve", _SERVE)):
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


def website() -> Path:
    """What a host of the lab serves, the same as its containers."""
    return root() / "www"


@cache
def archive() -> Path:
    """The image's file system in one file."""
    path = make_folder("archive") / "image.tar"
    run("tar", "-C", str(root()), "-cf", str(path), ".")
    return path


_kept: dict[str, Path] = {}  # the files of the image, by the version of the engine that made them of the archive


def keep(version: str, data: Path) -> None:
    """Keep the image's files of an engine that has loaded it and nothing else, for others of its version."""
    _kept[version] = make_folder(f"image-{version}")
    _copy(data, _kept[version])


def place(version: str, data: Path) -> bool:
    """Put the image where an engine that starts will find it; False where none of that version has loaded it yet."""
    if version in _kept:
        _copy(_kept[version], data)
    return version in _kept


def _copy(source: Path, target: Path) -> None:
    target.mkdir(exist_ok=True)
    run("cp", "-a", *(str(source / name) for name in ("image", "vfs")), str(target))
