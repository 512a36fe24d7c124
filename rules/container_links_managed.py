"""A network manager takes the engine's links for cards of the host

## What it means

A `.network` file of networkd holds for every link that it matches. `Name=*` and `Type=ether` match `docker0`, the
bridges `br-…` and one end of each container's pair (`veth…`) as well as the network card, and no file that is read
before it says `Unmanaged=yes` for them.

## Why it matters

A link is in the bridge that its file names (`Bridge=`), and in none where it names none: networkd takes the ends of all
running containers out of their bridges when it starts, after an update as well, whether the file asks for DHCP or not.
The containers have no network until they are started again. Where the file is for the bridges alone, networkd asks for
an address there without end, and the boot waits for it; old versions take away the address that the engine gave.

## How to fix it

Match the card alone: `Name=en* eth*`, or `Kind=!*` beside `Type=ether`, which leaves out all virtual links. Or put
a file before it, such as `10-docker.network`, with `Name=docker* br-* veth*` and `Unmanaged=yes` under `[Link]`.

## Bad: every link

```ini title="etc/systemd/network/20-wired.network"
[Match]
Name=*  ; <- warning

[Network]
DHCP=yes
```

```json title="etc/docker/daemon.json"
{ "log-driver": "journald" }
```

## Bad: every link of the type

```ini title="etc/systemd/network/20-wired.network"
[Match]
Type=ether  ; <- warning

[Network]
Address=192.168.10.1/24
Gateway=192.168.10.254
```

```json title="etc/docker/daemon.json"
{ "log-driver": "journald" }
```

## Bad: the bridges alone

```ini title="etc/systemd/network/20-wired.network"
[Match]
Name=en* docker*  ; <- warning

[Network]
DHCP=yes
```

```json title="etc/docker/daemon.json"
{ "log-driver": "journald" }
```

## Good: the card

```ini title="etc/systemd/network/20-wired.network"
[Match]
Name=en* eth*

[Network]
DHCP=yes
```

```json title="etc/docker/daemon.json"
{ "log-driver": "journald" }
```

## Good: no virtual link

```ini title="etc/systemd/network/20-wired.network"
[Match]
Type=ether
Kind=!*

[Network]
DHCP=yes
```

```json title="etc/docker/daemon.json"
{ "log-driver": "journald" }
```

## Good: in the bridges that they are in

```ini title="etc/systemd/network/20-wired.network"
[Match]
Name=*

[Network]
KeepMaster=yes
KeepConfiguration=yes
```

```json title="etc/docker/daemon.json"
{ "log-driver": "journald" }
```

## Good: the engine's links are left alone

```ini title="etc/systemd/network/10-docker.network"
[Match]
Name=docker* br-* veth*

[Link]
Unmanaged=yes
```

```ini title="etc/systemd/network/20-wired.network"
[Match]
Name=*

[Network]
DHCP=yes
```

```json title="etc/docker/daemon.json"
{ "log-driver": "journald" }
```
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from netlint.api import Confidence, Finding, Managed, Severity, Site, rule

END = "veth0123456"  # of a container's pair
LINKS = ("docker0", "br-0123456789ab", END)


@rule(
    "NL515",
    Severity.WARNING,
    proof="systemd.network(5): the first file in the order of the names that matches a link holds for it; "
    "systemd/systemd#28626 and #38836, moby/moby#40217",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        if not host.has_docker:
            continue
        files = sorted(host.managed, key=lambda one: one.path.rpartition("/")[2])
        for one in files:
            before = [other for other in files if other.path.rpartition("/")[2] < one.path.rpartition("/")[2]]
            taken = [
                name for name in LINKS if _matches(one, name) and not any(_matches(other, name) for other in before)
            ]
            parts = END in taken and not one.keeps_bridge
            if taken and not one.left_alone and (parts or one.addressed):
                effect = "at its start it takes the ends of running containers out of their bridges"
                yield Finding(
                    message=f"{one.origin} takes {_words(taken)}, too: "
                    + (effect if parts else "it runs DHCP on the links of containers"),
                    at=one.patterns.span,
                    label="matches the engine's links as well",
                    help="match the card alone (Name=en* eth*), or leave docker*, br-* and veth* unmanaged in a file "
                    "before this one",
                    confidence=None if parts else Confidence.MEDIUM,
                    host=host.name,
                )


def _matches(one: Managed, name: str) -> bool:
    """Whether the file is for a link of that name; one `!` before the patterns turns all of them round."""
    words = one.patterns.value.split()
    if words and words[0].startswith("!"):
        return not any(fnmatchcase(name, word.lstrip("!")) for word in words)
    return any(fnmatchcase(name, word) for word in words)


def _words(names: list[str]) -> str:
    shown = [{LINKS[1]: "br-*", LINKS[2]: "veth*"}.get(name, name) for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
