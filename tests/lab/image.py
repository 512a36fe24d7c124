"""The one image of the lab, made without a registry: busybox and a server that names its clients."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from functools import cache
from pathlib import Path

from tests.lab.net import make_folder, run

IMAGE = "lab:1"
PORTS = (80, 443, 5432, 8080, 8500)
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
    run("tar", "-C", str(folder), "--exclude=./image.tar", "-cf", str(folder / "image.tar"), ".")
    return folder


def website() -> Path:
    """What a host of the lab serves, the same as its containers."""
    return root() / "www"


def load(docker: list[str]) -> None:
    """Give the image to an engine; `docker` is the command of its client."""
    archive = str(root() / "image.tar")
    command = [*docker, "import", "-c", 'ENTRYPOINT ["/bin/serve"]', archive, IMAGE]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
