"""`netlint new-rule`: the skeleton of a rule, which runs and whose examples hold."""

from __future__ import annotations

import re
from pathlib import Path

from netlint.output import UsageError
from netlint.rule import load_rules, rules_folder

_SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+")
_CODE = re.compile(r"[A-Z]{1,8}[0-9]{1,6}")

_SKELETON = '''"""One sentence that says what is wrong

## What it means

What is the case, in the words of Docker and the kernel.

## Why it matters

What goes wrong, and for whom.

## How to fix it

What to write instead.

## Bad: what the example shows

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [fixme]
networks:
  fixme:  # <- warning
    driver: bridge
```

## Good: the same without the defect

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front]
networks:
  front:
    driver: bridge
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Severity, Site, rule


@rule("{code}", Severity.WARNING, proof="how you know that it is so: an experiment, or a source")
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for network in host.networks:
            if network.key == "fixme":  # the condition of the rule
                yield Finding(
                    message=f"network {network.name} is an example",
                    at=network.span,
                    help="say what to do",
                    host=host.name,
                )
'''


def write_skeleton(slug: str, rules: str, code: str | None = None) -> Path:
    """Write the file of a new rule into the folder `rules` and return its path; UsageError where it would collide."""
    if not _SLUG.fullmatch(slug):
        raise UsageError(f"'{slug}' is no name of a rule: write what is wrong as words with hyphens, subnet-overlap")
    if code is not None and not _CODE.fullmatch(code):
        raise UsageError(f"--code: '{code}' is no code such as MY001")
    folder = Path(rules)
    path = folder / f"{slug.replace('-', '_')}.py"
    if path.exists():
        raise UsageError(f"{path} is there already")
    own = [folder] if folder.is_dir() and not _same(folder, Path(rules_folder())) else []
    known = load_rules([rules_folder(), *own])
    codes, slugs = {one.code for one in known}, {one.slug for one in known}
    if slug in slugs:
        raise UsageError(f"there is a rule {slug} already")
    if code in codes:
        raise UsageError(f"--code: there is a rule {code} already")
    code = code or next(free for number in range(1, 1000) if (free := f"MY{number:03}") not in codes)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(_SKELETON.replace("{code}", code), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    return path


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()
