"""A Compose file of a format that the installed docker-compose does not read

## What it means

Until 1.27 each `docker-compose` read the file formats that it knew, by the number under `version`, and took a file
without one for the first format, which has no `networks`. From 1.27 on, and in `docker compose` 2, the number means
nothing.

## Why it matters

Nothing of the project starts: "Version in "./docker-compose.yml" is unsupported", or "Unsupported config option for
networks".

## How to fix it

Install Docker Compose 2, which reads all formats but the first, or write a format that the installed version knows.

The check needs the version of docker-compose (`docker-compose version`).

## Bad: newer than the program

```yaml title="docker-compose.yml"
version: "3.7"  # <- error
services:
  app:
    image: example/app
```

```text title="docker-compose-version.txt"
docker-compose version 1.17.1, build 6d101fb
```

## Bad: no number

```yaml title="docker-compose.yml"
services:  # <- error
  app:
    image: example/app
networks:
  default:
    driver: bridge
```

```text title="docker-compose-version.txt"
docker-compose version 1.25.0, build 0a186604
```

## Good: old enough

```yaml title="docker-compose.yml"
version: "3.3"
services:
  app:
    image: example/app
```

```text title="docker-compose-version.txt"
docker-compose version 1.17.1, build 6d101fb
```

## Good: Compose 2

```yaml title="docker-compose.yml"
services:
  app:
    image: example/app
```

```text title="docker-compose-version.txt"
Docker Compose version v2.26.1
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Label, Severity, Site, rule

# The first docker-compose that reads a format, from its changelog; 1.17 reads 3.5 as well, though that names 1.18.
FIRST = {
    "2": (1, 6), "2.0": (1, 6), "2.1": (1, 9), "2.2": (1, 13), "2.3": (1, 16), "2.4": (1, 21), "3": (1, 10),
    "3.0": (1, 10), "3.1": (1, 11), "3.2": (1, 12), "3.3": (1, 14), "3.4": (1, 17), "3.5": (1, 17), "3.6": (1, 20),
    "3.7": (1, 22), "3.8": (1, 25, 5),
}  # fmt: skip
SPECIFICATION = (1, 27)


@rule(
    "NL239",
    Severity.ERROR,
    proof="docker-compose 1.17.1 and 1.25.0 read and refuse files; the other versions by their changelog and schemas",
    compose=["host.compose"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        if host.compose is None or host.compose_before(*SPECIFICATION) is not True:
            continue
        for project in host.projects:
            version = project.version
            wanted = FIRST.get(version.value) if version is not None else SPECIFICATION
            if wanted is None or host.compose_before(*wanted) is not True or not project.services:
                continue
            if version is None and not project.networks and all(not one.attachments for one in project.services):
                continue  # the first format, which it reads
            form = f"format {version.value}" if version is not None else "no stated format"
            yield Finding(
                message=f"a file of {form} needs docker-compose {'.'.join(map(str, wanted))}, and this host has "
                f"{host.compose.value}",
                at=version.span if version is not None else project.span,
                label="docker-compose refuses the file",
                help="install Docker Compose 2, or write a format that the installed version reads",
                related=(Label(host.compose.span, "the installed version"),),
                host=host.name,
            )
