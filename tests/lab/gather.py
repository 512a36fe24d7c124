"""The archive of `netlint collect`, made on a host of the lab: `gather(engine, folder)`."""

from __future__ import annotations

from pathlib import Path

from netlint.collect import SCRIPT
from tests.lab.engine import Engine
from tests.lab.net import run


def gather(engine: Engine, folder: Path, *shell: str) -> Path:
    """The archive that the script writes where the engine runs, with `shell` as its interpreter (`busybox sh`).

    Files of configuration come from a root of their own, which holds what the engine got.
    """
    root = folder / "root" / engine.host.name
    (root / "etc" / "docker").mkdir(parents=True, exist_ok=True)
    (root / "etc" / "docker" / "daemon.json").write_text(engine.config, encoding="utf-8")
    (root / "etc" / "resolv.conf").write_bytes((engine.folder / "resolv.conf").read_bytes())
    archive = folder / f"{engine.host.name}.tar.gz"
    settings = (f"NETLINT_COLLECT_ROOT={root}", f"PATH={engine.path}", f"TMPDIR={folder}")
    run(*engine.inside(), "env", *settings, *(shell or ("sh",)), str(SCRIPT), str(archive), timeout=120)
    return archive
