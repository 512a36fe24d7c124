"""Values of YAML and JSON that a report must not show."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator

from netlint.build.dockerd_options import by_key
from netlint.parse import json, yaml
from netlint.parse.tree import Entry, Mapping, Node, Scalar, Sequence
from netlint.source import Source

# Keys of Compose whose values are about networks, with all that is below them.
_OPEN = frozenset(
    """aliases attachable aux_addresses build cap_add container_name context depends_on deploy dns dns_opt dns_search
    dockerfile domainname driver driver_opts enable_ipv4 enable_ipv6 env_file expose extends external external_links
    extra_hosts gateway gw_priority host_ip hostname image include internal ip_range ipam ipv4_address ipv6_address
    link_local_ips links mac_address mode name net network network_mode networks ports priority privileged profiles
    protocol published replicas restart scale subnet target version""".split()
)
# Keys that close what is below them, wherever they stand: in Compose, Kubernetes and what the engine lists.
CLOSED = frozenset(
    """annotations args authconfigs cmd command configs content data entrypoint env environment healthcheck http-proxy
    https-proxy label labels log-opts no-proxy node-generic-resources proxies secrets stringdata test volumes""".split()
)
_LINE = re.compile(
    r"""^[ \t]*(?:-[ \t]+)*["']?(?P<key>[\w./-]*)["']?[ \t]*[:=][ \t]*(?P<value>\S[^\n]*)""", re.MULTILINE
)
# Keys of Ansible's tasks that open what is below them; arguments of a module in one string; keys of secrets.
_OF_TASKS = frozenset(("args", "cmd", "command", "configs", "content", "volumes"))
_ARGUMENTS = re.compile(r"(?:^|\s)[a-z_]+=\S")
_SECRET = re.compile(r"pass|secret|token|(?:^|_)key|credential|auth", re.IGNORECASE)
_TOKEN = re.compile(r"[^\s{}\[\],:\"]+")
_ITEM = re.compile(r"^[ \t]*-[ \t]+(?P<value>\S[^\n]*)", re.MULTILINE)


def guarded_values(source: Source, format: str) -> Iterator[tuple[int, int]]:
    """The pieces of the text that must not be shown; of what could not be read, all but values of open keys."""
    is_yaml = format in ("compose", "kubernetes")
    documents, problems = (yaml.parse if is_yaml else json.parse)(source)
    # A listing is open but for what closes, a file that people write is closed but for what opens.
    listed = format not in ("compose", "daemon-json")
    known: list[tuple[int, int]] = []
    yield from _closed(documents, listed, lambda entry, is_open: _is_open(entry.key.text, format, is_open), known)
    if is_yaml and any(problem.fatal for problem in problems):
        at = max((document.span.end for document in documents), default=0)
        yield from _unread(source.text, at, format, listed)
    elif problems and not is_yaml:  # the parser passed over what it could not read
        held = sorted(known)
        starts = [start for start, _ in held]
        for found in _TOKEN.finditer(source.text):
            around = bisect_right(starts, found.start()) - 1
            if around < 0 or held[around][1] < found.end():
                yield found.span()


def guarded_arguments(source: Source) -> Iterator[tuple[int, int]]:
    """The values in a playbook that are not about networks: environments, labels, passwords, arguments in one string.

    What commands and written files hold is looked at where they are read.
    """
    return _closed(yaml.parse(source)[0], True, _opens_in_task, [])


def _opens_in_task(entry: Entry, is_open: bool) -> bool:
    key = entry.key.text
    words = isinstance(entry.value, Scalar) and _ARGUMENTS.search(entry.value.text) is not None
    closes = key.lower() in CLOSED - _OF_TASKS or _SECRET.search(key) is not None
    free = key.rpartition(".")[2] in ("command", "shell", "raw", "when", "name")
    return is_open and not closes and (free or not words)


def _closed(
    documents: Iterable[Node], is_open: bool, opens: Callable[[Entry, bool], bool], known: list[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """The scalars below documents that are not open; `opens` tells whether an entry's value is, below one that is or
    is not. Open scalars and all keys go to `known`. An anchored node counts where it stands first."""
    pending = [(document, is_open) for document in reversed(list(documents))]
    seen: set[int] = set()
    while pending:
        node, below = pending.pop()
        match node:
            case Scalar():
                content = node.part(0, len(node.text))
                if below:
                    known.append((content.start, content.end))
                elif node.text:
                    yield content.start, content.end
            case Sequence(items=items) if id(items) not in seen:
                seen.add(id(items))
                pending.extend((item, below) for item in items)
            case Mapping(entries=entries) if id(entries) not in seen:
                seen.add(id(entries))
                known += [(entry.key.span.start, entry.key.span.end) for entry in entries]
                pending.extend((entry.value, opens(entry, below)) for entry in entries)


def shows(path: str, format: str) -> bool:
    """Whether a report may show the value at a path such as `services.web.ports[0]`."""
    is_open = format not in ("compose", "daemon-json")
    for key in re.sub(r"\[\d+\]", "", path).split("."):
        is_open = _is_open(key, format, is_open)
    return is_open


def _is_open(key: str, format: str, is_open: bool) -> bool:
    if key.lower() in CLOSED:
        return False
    if format == "daemon-json":
        return is_open or by_key(key) is not None
    return is_open or key in _OPEN


def _unread(text: str, at: int, format: str, is_open: bool) -> Iterator[tuple[int, int]]:
    """The same by lines, for a text that has no tree."""
    for found in _LINE.finditer(text, at):
        if not _is_open(found["key"], format, is_open):
            yield found.span("value")
    if not is_open:
        for found in _ITEM.finditer(text, at):
            if not _LINE.match(found[0]):
                yield found.span("value")
