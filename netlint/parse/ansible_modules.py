"""Modules of Ansible as the commands that do the same, and the files that they write.

A module gets one task in one round of its loop, and yields commands, texts for a shell, files, and what it cannot tell.
Arguments: the documentation of ansible-core 2.18, ansible.posix 2, community.docker 4 and community.general 10.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from msgspec import structs

from netlint.parse.ansible_firewall import iptables, ufw
from netlint.parse.ansible_json import add_json, structure
from netlint.parse.ansible_task import FALSE, TRUE, Failed, Result, Task, joined
from netlint.parse.ansible_values import filled, filled_word, is_template
from netlint.parse.placed import Placed
from netlint.parse.provision import Written, inner_path
from netlint.parse.shell import Command
from netlint.parse.tree import Mapping, Node, Scalar, Word
from netlint.parse.tree import Sequence as List

# In the free form of `command`, beside its words.
_PARAMETER = re.compile(
    r"(?:^|(?<=\s))(?P<key>creates|removes|chdir|executable|warn|stdin|strip_empty_ends)=(?:\"[^\"]*\"|'[^']*'|\S+)"
)
# Programs whose commands change something that the model has, unless they only ask.
EFFECTIVE = frozenset(
    """brctl bridge docker dockerd firewall-cmd ifconfig ip ip6tables ip6tables-restore iptables iptables-restore
    kubeadm nft route sysctl ufw weave""".split()
)
_CHANGES = {
    "bridge": r"(?:add|append|del|delete|replace|set)",
    "brctl": r"(?:add|del)(?:br|if)",
    "docker": r"(?:run|create|connect|disconnect|init|join|leave|update|deploy|install)",
    "firewall-cmd": r"--(?:add|remove|change|set)-.*",
    "ifconfig": r"[\d.]+.*|\$.*|up|down|mtu|netmask|inet6?|add|del",
    "ip": r"(?:add|append|replace|change|del|delete|set|flush)",
    "ip6tables": r"-[ADFINPRXZ]|--(?:append|delete|insert|replace|flush|new-chain|policy|delete-chain)",
    "iptables": r"-[ADFINPRXZ]|--(?:append|delete|insert|replace|flush|new-chain|policy|delete-chain)",
    "nft": r"(?:add|insert|replace|delete|flush|create|-f)",
    "route": r"(?:add|del)",
    "sysctl": r".*=.*",
    "ufw": r"(?:allow|deny|reject|limit|default|enable|disable|route|insert|delete)",
}
# They change the network, and have no model.
NOT_MODELLED = frozenset(
    "docker_stack docker_swarm_service firewalld interfaces_file ipset nftables nmcli openvswitch_bridge".split()
)


def changes(command: Command) -> bool:
    """Whether the command changes something that the model has, as far as its words tell."""
    pattern = _CHANGES.get(command.program, ".*" if command.program in EFFECTIVE else "(?!)")
    return any(re.fullmatch(pattern, word.text) for word in command.words[1:])


def _shell(task: Task) -> Iterator[Result]:
    """`command`, `shell` and `raw`: a free text, `cmd`, or `argv`."""
    argv, node = task.given.get("argv"), task.given.get("cmd", task.node)
    if any(name in task.given for name in ("creates", "removes")):
        task.sure = False
    if isinstance(argv, List):
        words = task.words("argv")
        task.open = not all(word.exact for word in words)
        if words:
            command = task.command(*words)
            if task.open and changes(command):
                yield Failed(task.key.span, "a command that a template completes")
            yield command
    elif isinstance(node, Scalar):
        text, at = node.text, 0
        if "{%" in text or "{#" in text:
            if any(re.search(rf"\b{name}\b", text) for name in EFFECTIVE):
                yield Failed(task.key.span, "a command that a template completes")
            return
        filled_in, task.open = filled(node, task.source, task.items)
        given = list(_PARAMETER.finditer(filled_in.text)) if node is task.node else []
        if any(one["key"] in ("creates", "removes") for one in given):
            task.sure = False
        if given:
            filled_in, kept = Placed("", task.source), filled_in
            for one in given:
                filled_in.extend(kept, at, one.start())
                at = one.end()
            filled_in.extend(kept, at)
        yield filled_in


def _sysctl(task: Task) -> Iterator[Result]:
    name, value = task.word("name", "key"), task.word("value", "val")
    if name is None or value is None or task.text("state") == "absent":
        return
    if not name.exact or not value.exact:
        yield Failed(task.key.span, "a setting that a template completes")
        return
    lower = value.text.lower()
    if lower in TRUE or lower in FALSE:
        value = Word("1" if lower in TRUE else "0", value.span, False)
    yield task.command("sysctl", "-w", joined(name, "=", value))


def _network(task: Task) -> Iterator[Result]:
    name = task.word("name", "network_name")
    if name is None or task.text("state") == "absent":
        return
    if not name.exact:
        yield Failed(task.key.span, "a network that a template names")
        return
    words = [task.literal(word) for word in ("docker", "network", "create")]
    words += task.option("--driver", "driver") + task.pairs("-o", "driver_options")
    ipam = task.given.get("ipam_config", task.given.get("ipam_options"))
    for entry in ipam.items if isinstance(ipam, List) else (ipam,):
        if isinstance(entry, Mapping):
            inner = Task(task.source, task.key, entry, dict(_texts(entry)), task.items, task.sure)
            words += inner.option("--subnet", "subnet") + inner.option("--gateway", "gateway")
            words += inner.option("--ip-range", "iprange") + inner.pairs("--aux-address", "aux_addresses")
        elif isinstance(entry, Scalar) and (word := task.of(entry)) is not None:
            words += [task.literal("--subnet"), word]
    for flag in ("internal", "attachable", "ingress", "config_only"):
        if task.says(flag):
            words.append(task.literal(f"--{flag.replace('_', '-')}"))
    if task.says("enable_ipv6"):
        words.append(task.literal("--ipv6"))
    if not all(word.exact for word in words):
        yield Failed(task.key.span, "a network that a template completes")
    yield task.command(*words, name)


def _texts(mapping: Mapping) -> Iterator[tuple[str, Node]]:
    return ((key.text, value) for key, value in mapping.items())


def _container(task: Task) -> Iterator[Result]:
    state, image = task.text("state"), task.word("image")
    if image is None or state in ("absent", "stopped"):
        return
    words = [task.literal("docker"), task.literal("create" if state == "present" else "run")]
    words += [task.literal("-d")] if state != "present" and task.text("detach") not in FALSE else []
    name = task.word("name")
    words += [task.literal("--name"), name] if name is not None and name.exact else []
    networks = task.given.get("networks")
    entries = [one for one in networks.items if isinstance(one, Mapping)] if isinstance(networks, List) else []
    if entries and task.given.get("network_mode") is None:
        first = Task(task.source, task.key, entries[0], dict(_texts(entries[0])), task.items, task.sure)
        words += first.option("--network", "name") + first.option("--ip", "ipv4_address")
        if len(entries) > 1:
            yield Failed(entries[1].span, "further networks of a container")
    else:
        words += task.option("--network", "network_mode")
    words += [task.literal("-P")] if task.text("published_ports", "ports") == "all" else []
    ports = [word for word in task.words("published_ports", "ports") if word.text != "all"]
    words += [one for word in ports for one in (task.literal("-p"), word)]
    words += task.options("--dns", "dns_servers")
    if not all(word.exact for word in words):
        yield Failed(task.key.span, "a container that a template completes")
    yield task.command(*words, image)


def _swarm(task: Task) -> Iterator[Result]:
    state = task.text("state") or "present"
    if state not in ("present", "join"):
        return
    words = task.option("--advertise-addr", "advertise_addr") + task.option("--listen-addr", "listen_addr")
    words += task.option("--data-path-addr", "data_path_addr")
    remote = task.words("remote_addrs")[:1] if state == "join" else []
    if state == "present":
        words += task.option("--data-path-port", "data_path_port")
        words += task.options("--default-addr-pool", "default_addr_pool")
        words += task.option("--default-addr-pool-mask-length", "subnet_size")
    if not all(word.exact for word in [*words, *remote]):
        yield Failed(task.key.span, "a swarm that a template completes")
    yield task.command("docker", "swarm", "init" if state == "present" else "join", *words, *remote)


def _service(task: Task) -> Iterator[Result]:
    name, state = task.word("name", "service", "unit"), task.text("state")
    verb = {"started": "start", "restarted": "restart"}.get(state)
    if name is not None and name.exact and verb is not None:
        yield task.command("systemctl", verb, name)


def _copy(task: Task) -> Iterator[Result]:
    content, path = task.given.get("content"), task.given.get("dest")
    if content is not None and isinstance(path, Scalar):
        yield from _written(task, path, content, append=False, sure=task.text("force") not in FALSE)


def _line(task: Task) -> Iterator[Result]:
    names = ("path", "dest", "destfile", "name")
    path = next((task.given[name] for name in names if name in task.given), None)
    line = task.given.get("line", task.given.get("block", task.given.get("content")))
    if isinstance(path, Scalar) and isinstance(line, Scalar) and task.text("state") != "absent":
        yield from _written(task, path, line, append=True, sure=not task.says("backrefs"))


def _written(task: Task, path: Scalar, content: Node, *, append: bool, sure: bool) -> Iterator[Result]:
    target = filled_word(path, task.source, task.items)
    if not target.exact or not target.text.startswith("/"):
        return
    placed = Placed(inner_path(task.source.path, target.text), task.source)
    is_open = False
    structured = structure(content, task.items)
    if structured is not None:
        is_open = not add_json(structured, placed, task.items)
    elif isinstance(content, Scalar):
        inner, is_open = filled(content, task.source, task.items)
        placed.extend(inner)
    placed.add("\n", structs.replace(content.span, start=content.span.end))
    named = Scalar(span=path.span, text=target.text, value=target.text)
    completed = "a template" if is_open or is_template(placed.text) else ""
    yield Written(path=named, content=placed, append=append, certain=task.sure and sure, completed=completed)


Module: TypeAlias = Callable[[Task], Iterator[Result]]
MODULES: dict[str, Module] = {
    **dict.fromkeys(("command", "shell", "raw"), _shell),
    "sysctl": _sysctl,
    "docker_network": _network,
    "docker_container": _container,
    "docker_swarm": _swarm,
    **dict.fromkeys(("service", "systemd", "systemd_service"), _service),
    "copy": _copy,
    **dict.fromkeys(("lineinfile", "blockinfile"), _line),
    "iptables": iptables,
    "ufw": ufw,
}
