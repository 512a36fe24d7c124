"""Puts inputs together that describe one host.

A directory with facts about a host is that host, its inner directories (`etc/docker`, `sos_commands/networking`)
included. Compose files and scripts join the host that they lie in or beside; those of a plain repository are
deployments of their own, each on a host that is only implied.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Container, Iterable, Sequence

from msgspec import Struct, structs

from netlint.build.compose_files import Library, ProjectFiles, project_files
from netlint.discover import Input
from netlint.formats import is_archive, strip_suffix
from netlint.pattern import pattern

# Facts of which a host has one each: two directories that both hold one are two hosts.
_SINGLE = {
    "ip-addr": "addresses",
    "ip-addr-json": "addresses",
    "ip-addr-brief": "addresses",
    "ifconfig": "addresses",
    "ip-route": "routes",
    "ip-route-json": "routes",
    "route-n": "routes",
    "iptables-save": "firewall",
    "iptables-S": "firewall",
    "iptables-L": "firewall",
    "nft": "firewall",
    "nft-json": "firewall",
    "docker-info": "engine",
    "docker-info-json": "engine",
    "daemon-json": "daemon",
}
# What was observed on a running host, not merely written for one.
_OBSERVED = frozenset(_SINGLE) - {"daemon-json", "nft"} | {
    "docker-version",
    "docker-version-json",
    "docker-network-inspect",
    "docker-network-ls",
    "podman-network",
    "docker-ps",
    "docker-inspect",
    "docker-port",
    "docker-service",
    "ip-rule",
    "ip-neigh",
    "arp",
    "brctl",
    "bridge",
    "listeners",
}
# Written for a host, or for any number of them: these alone make no host.
_NO_FACTS = frozenset(
    (
        "compose",
        "env-file",
        "template",
        "shell-script",
        "cloud-config",
        "ansible",
        "kubernetes",
        "cni",
    )
)
_SCRIPTS = ("shell-script", "cloud-config", "ansible")
# Directories inside a host's: the end of a path from its first such directory on is not part of the host's root.
_INNER = pattern(
    r"""(?:^|/)(?:
        (?:etc|sos_commands|sos_reports|proc|sys|containers|namespaces)(?:/.*)?
      | (?:run|var|usr)/(?:.*/)?(?:flannel|systemd|docker|lib|kubelet|cni|resolvconf)(?:/.*)?
      | (?:lib/)?systemd/(?:system|network|user)(?:/.*)?
      | (?:NetworkManager|fail2ban|firewalld|cni|network|openvpn|wireguard)/
        (?:[\w-]+\.d|zones|services|policies|client|server|system-connections)(?:/.*)?
      | [\w@.-]+\.(?:service|socket)\.d
      | (?:sysctl|jail|nftables|resolvconf|netplan|rules)\.d | netplan | fail2ban | firewalld | ufw
      | default | sysconfig | run | proc
    )$""",
    re.VERBOSE,
)
# Directories into which people sort the listings of one host.
_SORTED = pattern(
    r"(?:docker|network|networks|networking|net|firewall|iptables|nftables|routes|routing|kernel|sysctl|system|systemd|addresses)",
    re.IGNORECASE,
)
_ETC_SORTED = pattern(r"(?:docker|iptables|ufw|network|flannel|kubernetes|openvpn|wireguard)(?:/|$)")
# Directories that accompany hosts or projects and are none.
_COMPANY = pattern(
    r"scripts?|s?bin|tools?|ci|hack|utils?|deploy(?:ment)?|\.github|tests?|test-?data|fixtures?|samples?|docs?|examples?",
    re.IGNORECASE,
)
_STANDARD = ("compose.yaml", "docker-compose.yaml")


class HostInputs(Struct, frozen=True):
    """The inputs of one host. `implied`: no facts about it were given, only what is to run on it.

    `name` is its directory's or archive's; None for the inputs that belong to no host at all. `projects` are the
    Compose projects on it, `linked` the files of other hosts that those include or extend.
    """

    name: str | None
    implied: bool
    inputs: list[Input]
    projects: tuple[ProjectFiles, ...] | None = None
    linked: tuple[Input, ...] = ()


class _Place(Struct, frozen=True):
    """A directory of one scanned tree."""

    root: str
    path: str

    def parent(self) -> _Place:
        return _Place(self.root, self.path.rpartition("/")[0])

    def below(self, other: _Place) -> bool:
        """True where this place is `other` or lies inside it."""
        inside = not other.path or self.path == other.path or self.path.startswith(other.path + "/")
        return self.root == other.root and inside

    def name(self) -> str:
        name = os.path.basename(os.path.normpath(os.path.join(self.root, self.path)))
        return strip_suffix(name) if is_archive(name) else name or "/"


def group(inputs: Iterable[Input]) -> list[HostInputs]:
    """The hosts that `inputs` describe, in the order of their paths.

    Every input is in exactly one of them, but for environment files of which no Compose project makes use.
    """
    inputs = list(inputs)
    facts: dict[_Place, list[Input]] = {}
    others: list[Input] = []
    for item in inputs:
        if item.format in _NO_FACTS:
            others.append(item)
        else:
            facts.setdefault(host_root(item), []).append(item)
    hosts = _hosts(_sorted_together(facts))
    deployed: dict[tuple[_Place, str], list[Input]] = {}
    rest: list[Input] = []
    projects = _projects(others)
    alone: list[tuple[_Place, HostInputs]] = []
    users = Counter(_folder(item) for item in others if item.format == "cloud-config")
    owned = {item.source.path for project in projects.values() for item in project.inputs}
    for item in others:
        script = item.format in _SCRIPTS
        project = projects.get(item.source.path)
        if project is None and (item.source.path in owned or (item.format == "env-file" and not item.named)):
            continue
        found = project.inputs if project is not None else [item]
        host = _host_of(host_root(item) if script else _folder(item), hosts, script=script)
        if (item.format == "cloud-config" and users[_folder(item)] > 1) or (
            item.format == "ansible"
            and (host is None or not _observed(hosts[host]) or item.source.whole is not item.source)
        ):  # of other machines than what lies beside it
            alone.append((_folder(item), HostInputs(_folder(item).name(), True, [item])))
        elif host is not None:
            hosts.setdefault(host, []).extend(found)
        elif script or project is not None:
            deployed.setdefault((_folder(item), "" if script else _project_file(item)), []).extend(found)
        else:
            rest.append(item)
    groups = [
        (place, HostInputs(place.name(), number > 0, part))
        for place, found in hosts.items()
        for number, part in enumerate(_one_daemon_json(found))
    ]
    groups += alone
    groups += [(place, HostInputs(place.name(), True, found)) for place, found in _with_companions(deployed, rest)]
    order = {item.source.path: index for index, item in enumerate(inputs)}
    groups = [(place, _with_projects(one, projects)) for place, one in groups]
    for _, one in groups:
        one.inputs.sort(key=lambda item: order[item.source.path])
    groups.sort(key=lambda pair: order[pair[1].inputs[0].source.path])
    return _distinct(groups) + ([HostInputs(None, True, rest)] if rest else [])


class _Project(Struct, frozen=True):
    """A Compose project: its files, the inputs among them that no project before it has, and the others."""

    files: ProjectFiles
    inputs: list[Input]
    linked: list[Input]


def _projects(inputs: Iterable[Input]) -> dict[str, _Project]:
    """The Compose projects, each under the path of its first own input, which is a main file if it owns one."""
    by_path = {item.source.path: item for item in inputs if item.format in ("compose", "env-file")}
    every = project_files(Library((item.source, item.format) for item in by_path.values()))
    owner: dict[str, ProjectFiles] = {}
    for files in every:
        for path in (*files.main, *([files.stated] if files.stated is not None else [])):
            owner.setdefault(path, files)
    for files in every:
        for path in files.others:
            owner.setdefault(path, files)
    projects = {}
    for files in every:
        paths = (*files.main, *files.others)
        own = [by_path[path] for path in paths if owner[path] is files]
        linked = [by_path[path] for path in paths if owner[path] is not files]
        named = structs.replace(files, name=_Place(own[0].root, files.directory).name())
        projects[own[0].source.path] = _Project(named, own, linked)
    return projects


def _with_projects(one: HostInputs, projects: dict[str, _Project]) -> HostInputs:
    """The host with the Compose projects on it."""
    found = [projects[item.source.path] for item in one.inputs if item.source.path in projects]
    own = {item.source.path for item in one.inputs}
    linked = {item.source.path: item for project in found for item in project.linked if item.source.path not in own}
    return structs.replace(one, projects=tuple(project.files for project in found), linked=tuple(linked.values()))


def _one_daemon_json(found: list[Input]) -> list[list[Input]]:
    """The inputs of a host, and each daemon.json too many as inputs of its own: dockerd reads one, the others are
    variants that stand beside it (`daemon.lab.json`)."""
    files = [item for item in found if item.format == "daemon-json"]
    files.sort(key=lambda item: (item.source.path.rpartition("/")[2] != "daemon.json", item.source.path))
    extra = files[1:]
    return [[item for item in found if item not in extra], *([item] for item in extra)]


def host_root(item: Input) -> _Place:
    """The directory of the host that an input speaks of, were it to speak of one: its own without inner directories."""
    folder = item.source.path.rpartition("/")[0]
    if item.host is not None:
        return _Place(item.root, f"{folder}/{item.host}".lstrip("/"))
    if os.path.basename(item.root) == "etc" and (_ETC_SORTED.match(folder) or _INNER.match(folder)):
        return _Place(item.root, "")
    inner = _INNER.search(folder)
    return _Place(item.root, folder if inner is None else folder[: inner.start()])


def _folder(item: Input) -> _Place:
    return _Place(item.root, item.source.path.rpartition("/")[0])


def _singles(inputs: Sequence[Input]) -> set[str]:
    return {_SINGLE[item.format] for item in inputs if item.format in _SINGLE and item.namespace is None}


def _observed(inputs: Sequence[Input]) -> bool:
    return any(item.format in _OBSERVED and item.namespace is None for item in inputs)


def _sorted_together(facts: dict[_Place, list[Input]]) -> dict[_Place, list[Input]]:
    """Join `docker/`, `network/`, `firewall/` of one directory where at least one holds what was observed on a host."""
    parents: dict[_Place, list[_Place]] = {}
    for place in facts:
        if place.path and _SORTED.fullmatch(place.path.rpartition("/")[2]):
            parents.setdefault(place.parent(), []).append(place)
    for parent, parts in parents.items():
        whole = [item for part in parts for item in facts[part]]
        if (len(parts) > 1 or parent in facts) and _observed(whole + facts.get(parent, [])):
            for part in parts:
                facts.setdefault(parent, []).extend(facts.pop(part))
    return facts


def _hosts(facts: dict[_Place, list[Input]]) -> dict[_Place, list[Input]]:
    """The directories that are hosts, with the facts of those inside them that are not."""
    hosts: dict[_Place, list[Input]] = {}
    inside: dict[_Place, list[_Place]] = {}
    for place in sorted(facts, key=lambda one: (one.root, one.path.count("/") + bool(one.path), one.path)):
        outer = _nearest(place, hosts)
        own, above = _singles(facts[place]), _singles(facts[outer]) if outer is not None else set()
        if outer is None or own & above or (own and not above):
            hosts[place] = list(facts[place])
        else:
            inside.setdefault(outer, []).append(place)
    for outer, places in inside.items():
        kinds = [kind for place in places for kind in _singles(facts[place])]
        twice = {kind for kind in kinds if kinds.count(kind) > 1}
        for place in places:  # siblings of which each has addresses of its own are hosts, whatever lies above them
            if _singles(facts[place]) & twice:
                hosts[place] = list(facts[place])
        for place in places:
            if place not in hosts:
                hosts[_nearest(place, hosts) or outer].extend(facts[place])
    return hosts


def _nearest(place: _Place, hosts: Container[_Place]) -> _Place | None:
    """The innermost host that `place` is or lies in."""
    while place not in hosts:
        if not place.path:
            return None
        place = place.parent()
    return place


def _host_of(place: _Place, hosts: dict[_Place, list[Input]], *, script: bool) -> _Place | None:
    """The host that what lies at `place` is deployed on; None where it is not known, or is nobody's."""
    around = _nearest(place, hosts)
    several = [host for host in hosts if host.path and host.root == place.root and host.parent().below(place)]
    if around is not None and not (len(several) > 1 and not _observed(hosts[around])):
        return around
    if script and _is_sibling(place, hosts):
        return place
    beside = [
        host
        for host in hosts
        if host.path
        and host.parent() in (place, place.parent())
        and _observed(hosts[host])
        and not _COMPANY.fullmatch(host.path.rpartition("/")[2])
    ]
    alone = len(beside) == 1 and sum(host.below(beside[0].parent()) for host in hosts) == 1
    return beside[0] if alone else None


def _is_sibling(place: _Place, hosts: Iterable[_Place]) -> bool:
    """True for a directory of a site with several: beside two hosts, or beside one that is named alike."""
    own = place.path.rpartition("/")[2]
    if not own or _COMPANY.fullmatch(own):
        return False
    names = [host.path.rpartition("/")[2] for host in hosts if host.path and host.parent() == place.parent()]
    return len(names) > 1 or any(_stem(name) == _stem(own) for name in names)


def _stem(name: str) -> str:
    """`host` of hostA, `node-` of node-12."""
    return re.sub(r"(?:\d+|(?<=[a-z])[A-Z]|(?<=[-_.])[A-Za-z])$", "", name)


def _project_file(item: Input) -> str:
    """The name of the Compose file that a file is, or overrides."""
    name = item.source.path.rpartition("/")[2].lower()
    name = f"{name[:-4]}.yaml" if name.endswith(".yml") else name
    return re.sub(r"[-._]override(?=\.ya?ml)", "", name) if "override" in name else name


def _with_companions(
    deployed: dict[tuple[_Place, str], list[Input]], rest: list[Input]
) -> list[tuple[_Place, list[Input]]]:
    """The deployments with their folders, each with the scripts there where it is the only or the standard one.

    What of `rest` lies in the folder of a single deployment goes there too; the others stay in `rest`.
    """
    folders: dict[_Place, list[list[Input]]] = {}
    for (folder, name), found in deployed.items():
        if name:
            folders.setdefault(folder, []).append(found)
    for (folder, name), found in deployed.items():
        if not name:
            projects = folders.setdefault(folder, [])
            standard = [one for one in projects if _project_file(one[0]) in _STANDARD]
            main = projects if len(projects) == 1 else standard
            if len(main) == 1:
                main[0].extend(found)
            else:
                projects.append(found)
    alone = {folder: projects[0] for folder, projects in folders.items() if len(projects) == 1}
    for item in rest:
        if _folder(item) in alone:
            alone[_folder(item)].append(item)
    rest[:] = [item for item in rest if _folder(item) not in alone]
    return [(folder, found) for folder, projects in folders.items() for found in projects]


def _distinct(groups: list[tuple[_Place, HostInputs]]) -> list[HostInputs]:
    """Hosts of equal names get their directories as names; where one directory has several, their first files."""
    names = [one.name for _, one in groups]
    for others in ([place.path for place, _ in groups], [one.inputs[0].source.path for _, one in groups]):
        times = Counter(names)
        names = [name if times[name] == 1 else other or name for name, other in zip(names, others, strict=True)]
    return [structs.replace(one, name=name) for name, (_, one) in zip(names, groups, strict=True)]
