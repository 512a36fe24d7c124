"""An address, subnet or port that is empty unless a variable is set

## What it means

The value is a variable without a default. Compose takes an unset variable for an empty text, and only warns.

## Why it matters

| empty | what happens |
|---|---|
| subnet | the engine refuses the network: "invalid CIDR" |
| host address of a port | the port is published on every address of the host |
| host port | the engine chooses a port at random, another one at each start |
| container port | Compose refuses the file |
| `ipv4_address`, `gateway`, `ip_range` | the container or network gets what the engine chooses |

Where nothing here says how the environment is set, this is a finding of low confidence, shown with `--confidence low`.
Where the project's `.env` is here and does not set the variable, it is always shown. So it is where the same file gives
the variable a default in another place: the two places differ as soon as it is unset.

## How to fix it

Write a default, `${SUBNET:-172.28.0.0/24}`, or have Compose stop where the variable is missing, `${SUBNET:?}`.

## Bad: a default in one place only

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      back:
        ipv4_address: ${NET}.10  # <- warning
networks:
  back:
    ipam:
      config:
        - subnet: ${NET:-172.28.5}.0/24
```

## Bad: nothing but the environment tells

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    ports:
      - "${BIND_ADDRESS}:8080:80"  # <- warning
```

## Good: with a default, or demanded

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    ports:
      - "${BIND_ADDRESS:-127.0.0.1}:8080:80"
    networks:
      back:
        ipv4_address: ${NET:-172.28.5}.10
networks:
  back:
    ipam:
      config:
        - subnet: ${SUBNET:?set SUBNET in .env}
```
"""

from collections.abc import Iterator

from netlint.api import Confidence, Finding, Label, Severity, Site, UnsetVariable, rule

EFFECTS = {
    ("subnet", ""): "the engine refuses an empty subnet",
    ("subnet", "middle"): "what remains is no subnet",
    ("ports", "address"): "the port is then published on every address of the host",
    ("ports", "published"): "the engine then chooses the host port, another one at each start",
    ("ports", "target"): "Compose then refuses the port",
    ("ipv4_address", ""): "the container then gets the address that is free",
    ("ipv6_address", ""): "the container then gets the address that is free",
}


@rule(
    "NL222",
    Severity.WARNING,
    confidence=Confidence.LOW,
    proof="Compose 2.40.3 on Docker 20.10.24, 26.1.5 and 28.5.2 with the variable unset: each line of the table",
    compose=["project.unset"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            for variable in project.unset:
                effect = EFFECTS.get((variable.key, variable.part), "")
                elsewhere = ", though it has a default elsewhere" if variable.default is not None else ""
                lacking = ", which the .env file here does not do" if variable.looked_up and not elsewhere else ""
                yield Finding(
                    message=f"{_what(variable)} of {variable.owner} is {'' if variable.part != 'middle' else 'partly '}"
                    f"empty unless {variable.name} is set{elsewhere}{lacking}" + (f": {effect}" if effect else ""),
                    at=variable.span,
                    help=f"write ${{{variable.name}:-a default}}, or ${{{variable.name}:?}} to have Compose stop",
                    related=(Label(variable.default, "the same variable has a default here"),)
                    if variable.default is not None
                    else (),
                    confidence=Confidence.MEDIUM if variable.default is not None or variable.looked_up else None,
                    host=host.name,
                )


def _what(variable: UnsetVariable) -> str:
    if variable.key != "ports":
        return variable.key
    return {"address": "the host address", "published": "the host port"}.get(variable.part, "the container port")
