"""A published port leads to a program that listens on its container's loopback alone

## What it means

What the engine publishes, and what other containers use, comes to the container's own address on its network. A program
that was told to listen on 127.0.0.1, or does so because it was told nothing, hears only what runs in its own container.

## Why it matters

Other machines are refused. On the host's own loopback the port is open, and every connection ends at once:
"Connection reset by peer", "Empty reply from server". Inside the container all is well.

## How to fix it

Let the program listen on 0.0.0.0. That the port is for the host alone is said where it is published:
`127.0.0.1:8000:8000`.

The check knows the options of common servers, and of development servers that they listen on the loopback unless they
are told otherwise.

## Bad: told to

```yaml title="compose.yaml"
services:
  api:
    image: example/api
    command: uvicorn app.main:app --host 127.0.0.1 --port 8000  # <- warning
    ports:
      - "8000:8000"
```

## Bad: told nothing

```yaml title="compose.yaml"
services:
  web:
    image: example/web
    command: python manage.py runserver  # <- warning
    ports:
      - "8000:8000"
```

## Bad: by a shell

```yaml title="compose.yaml"
services:
  web:
    image: example/web
    command: sh -c "python manage.py migrate && python manage.py runserver"  # <- warning
    ports:
      - "8000:8000"
```

## Good: on every address

```yaml title="compose.yaml"
services:
  api:
    image: example/api
    command: uvicorn app.main:app --host 0.0.0.0 --port 8000
    ports:
      - "127.0.0.1:8000:8000"
  web:
    image: example/web
    command: python manage.py runserver 0.0.0.0:9000
    ports:
      - "9000:9000"
  dev:
    image: example/web
    command: python manage.py runserver 0.0.0.0:8000 --settings web.dev --noreload
    ports:
      - "8002:8000"
```

## Good: for its own sidecar

```yaml title="compose.yaml"
services:
  api:
    image: example/api
    command: uvicorn app.main:app --host 127.0.0.1 --port 8000
    ports:
      - "80:80"
  proxy:
    image: example/proxy
    network_mode: service:api
```
"""

from collections.abc import Iterator
from itertools import pairwise

from msgspec import Struct

from netlint.api import (
    Confidence,
    Finding,
    Host,
    Label,
    Located,
    PublishedPort,
    Reach,
    Service,
    Severity,
    Site,
    parse_address,
    pattern,
    rule,
)

SHELLS = ("sh", "bash", "ash", "dash")
BETWEEN = pattern(r"&&|\|\||[;&|\n]")
TAKES_VALUE = ("-v", "--verbosity", "--settings", "--pythonpath")  # of manage.py
LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")


class Server(Struct, frozen=True):
    """A program that listens: the words that its command has in this order, the options that say where, those that say
    the port, and the port without. `quiet`: without any it listens on the loopback. `variables` are what says where as
    well. `bare`: the place is a word of its own (`runserver 0.0.0.0:8000`)."""

    words: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    port: int | None = None
    quiet: bool = False
    variables: tuple[str, ...] = ()
    bare: bool = False


SERVERS = (
    Server(("uvicorn",), ("--host",), ("--port",), 8000, True, ("UVICORN_HOST",)),
    Server(("hypercorn",), ("-b", "--bind"), (), 8000),
    Server(("gunicorn",), ("-b", "--bind"), (), 8000),
    Server(("flask", "run"), ("-h", "--host"), ("-p", "--port"), 5000, True, ("FLASK_RUN_HOST",)),
    Server(("manage.py", "runserver"), (), (), 8000, True, (), True),
    Server(("artisan", "serve"), ("--host",), ("--port",), 8000, True, ("SERVER_HOST",)),
    Server(("http.server",), ("-b", "--bind"), (), 8000),
    Server(("php", "-S"), ("-S",), (), None),
    Server(("jupyter",), ("--ip", "--ServerApp.ip", "--NotebookApp.ip"), ("--port",), 8888),
    Server(("streamlit", "run"), ("--server.address",), ("--server.port",), 8501),
    Server(("vite",), ("--host",), ("--port",), 5173),
    Server(("agent", "-server"), ("-client", "--client"), (), 8500),
    Server(("redis-server",), ("--bind",), ("--port",), 6379),
    Server(("mongod",), ("--bind_ip",), ("--port",), 27017),
    Server(("mysqld",), ("--bind-address",), ("--port",), 3306),
    Server(("prometheus",), ("--web.listen-address",), (), 9090),
)


@rule(
    "NL242",
    Severity.WARNING,
    proof="the programs' documentation of these options; a socket on 127.0.0.1 takes no packet to another address "
    "(moby/moby#10900)",
    compose=["service.command", "service.ports"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            reach = Reach(project)
            for service in project.services:
                if service.mode is None and service.command and service.ports and not service.extends:
                    yield from _service(host, service, len(reach.sharers(service)) > 1)


def _service(host: Host, service: Service, shared: bool) -> Iterator[Finding]:
    for server, words in _running(service.command):
        where, at = _where(server, words)
        known = {name for name, _ in service.environment}
        if where is None and (not server.quiet or not known.isdisjoint(server.variables) or shared):
            continue
        address, port = _split(where if where is not None else "127.0.0.1")
        if address not in LOOPBACK:
            continue
        port = port or _value(words, server.ports)
        number = int(port) if port and port.isdecimal() else server.port if not port else None
        published = next((one for one in service.ports if number is not None and _leads(one, number)), None)
        if published is not None:
            told = "is told to listen" if where is not None else "listens, unless it is told otherwise,"
            yield Finding(
                message=f"{' '.join(server.words)} of service {service.name} {told} on {address}, and port {number} is "
                "published, which comes to another address of the container",
                at=at.span,
                label="hears its own container alone",
                help="let it listen on 0.0.0.0; publish the port on 127.0.0.1 where it is for the host alone",
                related=(Label(published.span, "published here"),),
                confidence=None if where is not None and at.exact else Confidence.MEDIUM,
                host=host.name,
            )


def _running(command: tuple[Located[str], ...]) -> Iterator[tuple[Server, tuple[Located[str], ...]]]:
    """The servers that the command starts, each with its words."""
    for words in _simple(command):
        for server in SERVERS:
            place = _start(words, server.words)
            if place is not None:
                yield server, words[place:]
                break


def _simple(command: tuple[Located[str], ...]) -> Iterator[tuple[Located[str], ...]]:
    """The command, or the commands of the text that it hands to a shell."""
    texts = [word.value for word in command]
    if texts[0].rpartition("/")[2] not in SHELLS or "-c" not in texts[:-1]:
        yield command
        return
    script = command[texts.index("-c") + 1]
    for text in BETWEEN.split(script.value):
        words = tuple(Located(word, script.span, script.exact) for word in text.split())
        if words:
            yield words


def _start(command: tuple[Located[str], ...], wanted: tuple[str, ...]) -> int | None:
    """Where the program stands in the command, all of its words in this order."""
    found, first = 0, 0
    for index, word in enumerate(command):
        text = word.value if found else word.value.rpartition("/")[2]
        if text == wanted[found]:
            first = index if found == 0 else first
            found += 1
            if found == len(wanted):
                return first
    return None


def _where(server: Server, words: tuple[Located[str], ...]) -> tuple[str | None, Located[str]]:
    """The address that the program is told, None where it is told none, and the place."""
    for index, word in enumerate(words):
        name, sign, value = word.value.partition("=")
        if name in server.hosts:
            if sign:
                return value.strip("\"'"), word
            told = [one for one in words[index + 1 : index + 3] if not one.value.startswith("-")]
            if len(told) > 1 and parse_address(told[1].value) is not None:
                return " ".join(one.value for one in told), told[0]  # redis takes several
            if told:
                return told[0].value, told[0]
    place = _bare(server, words) if server.bare else None
    if place is not None:
        return (place.value if ":" in place.value else f"127.0.0.1:{place.value}"), place
    return None, words[0]


def _bare(server: Server, words: tuple[Located[str], ...]) -> Located[str] | None:
    """The first word that is neither an option nor the value of one."""
    for before, word in pairwise(words):
        taken = before.value in TAKES_VALUE or word.value.startswith("-") or word.value in server.words
        if not taken:
            return word
    return None


def _value(words: tuple[Located[str], ...], names: tuple[str, ...]) -> str | None:
    for index, word in enumerate(words):
        name, sign, value = word.value.partition("=")
        if name in names:
            return value if sign else words[index + 1].value if index + 1 < len(words) else None
    return None


def _split(text: str) -> tuple[str, str | None]:
    """Address and port of `127.0.0.1:8000`, `:8000`, `localhost`."""
    text = text.removeprefix("http://").removeprefix("tcp://")
    address, colon, port = text.rpartition(":")
    if not colon or (text.count(":") > 1 and not text.startswith("[")):
        return text, None
    return address or "0.0.0.0", port


def _leads(port: PublishedPort, number: int) -> bool:
    return port.protocol == "tcp" and port.target.first <= number <= port.target.last
