"""An unquoted port mapping is a number for readers of YAML 1.1

## What it means

YAML 1.1 has numbers to the base 60: an unquoted `2222:22` is 60 times 2222 and 22, 133342. Only what stands behind a
colon and is below 60 makes such a number, so `8080:80` is safe. `docker compose` (v2) reads what is written;
docker-compose v1, Ansible, and everything that reads the file with PyYAML or Ruby's parser reads the number.

## Why it matters

docker-compose v1 publishes container port 133342 (which it refuses) or, for small ones such as `22:22`, port 1342 at a
random port of the host. Tools that rewrite the file store the number.

## How to fix it

Write the mapping in quotes.

## Bad: SSH without quotes

```yaml title="compose.yaml"
services:
  gitea:
    image: example/gitea
    ports:
      - 3000:3000
      - 2222:22  # <- warning
```

## Good: in quotes

```yaml title="compose.yaml"
services:
  gitea:
    image: example/gitea
    ports:
      - 3000:3000
      - "2222:22"
```
"""

from collections.abc import Iterator

from netlint.api import Edit, Finding, Fix, Severity, Site, rule


@rule(
    "NL216",
    Severity.WARNING,
    proof="YAML 1.1 (yaml.org/type/int.html); PyYAML gives the number, Compose 2.40.3 the mapping",
    compose=["port.misread"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        if host.compose_before(2) is False:
            continue
        for project in host.projects:
            for service in project.services:
                for port in service.ports:
                    if port.misread is not None:
                        written = f"{port.published}:{port.target}"
                        yield Finding(
                            message=f"unquoted port {written} of service {service.name} is the number {port.misread} "
                            "for readers of YAML 1.1, such as docker-compose v1",
                            at=port.span,
                            help=f'write it in quotes: "{written}"',
                            fixes=(
                                Fix(
                                    title="quote the port",
                                    changes=(Edit(port.span, f'"{written}"', old=written),),
                                    safe=True,
                                ),
                            ),
                            host=host.name,
                        )
