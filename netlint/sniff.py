"""Recognises the format of a file: by its content first, by its name where the content does not say.

Nothing is parsed. The first significant lines are held against one table of patterns; what starts as JSON or looks
like YAML is judged by its keys (sniff_tree.py), a shell prompt or a heading by its command (sniff_command.py).
"""

from __future__ import annotations

import re
from collections import Counter

from netlint.formats import FORMATS
from netlint.pattern import pattern
from netlint.sniff_command import PROMPT, Command, command_format, name_format, path_namespace
from netlint.sniff_tree import is_compose_name, json_format, yaml_format

_LINES = 80
# Commands that make a shell script one about a host's network.
_SHELL_COMMAND = (
    r"(?:^|[;&|(]|\bthen\b|\bdo\b|\belse\b)[ \t]*(?:(?:sudo|exec|eval|nohup|\$\w+|\w+=\S*)[ \t]+)*(?:/[\w/]*/)?"
    r"(?:(?:docker|dockerd|docker-compose|podman|nerdctl|ip6?tables(?:-restore|-save|-legacy|-nft)?|nft|ipset|ip|brctl"
    r"|bridge|sysctl|weave|kubeadm|flanneld|kubectl|kube-proxy|kube-apiserver|kube-controller-manager|kubelet"
    r"|k3s|rke2|etcdctl|etcd|consul|firewall-cmd|ufw|ethtool|route|ifconfig|ovs-vsctl)[ \t]+[\w$\"'-]"
    r"|ip6?tables(?:-legacy|-nft)?-restore[ \t]*[</]|(?:systemctl|service)[ \t]+\S.*docker)|/etc/docker/daemon\.json"
)
# One of these words stands in whatever the expression fits.
_OF_SHELL = frozenset(
    """docker dockerd podman nerdctl iptables ip6tables nft ipset ip brctl bridge sysctl weave kubeadm
    flanneld kubectl kube kubelet k3s rke2 etcdctl etcd consul firewall ufw ethtool route ifconfig
    ovs systemctl service""".split()
)
# What cloud-init runs or writes, and that it is about a host's network.
_CLOUD_KEY = pattern(r"^(?:bootcmd|runcmd|write_files)[ \t]*:", re.MULTILINE)
_NETWORK_WORD = pattern(r"\b(?:docker|dockerd|ip6?tables|nft|sysctl|ip|route|ifconfig|ufw|firewall-cmd)\b")
# Files whose place says what they are, though they look like a listing.
_PLACED = (
    (pattern(r"(?:^|/)ufw/(?:user|before|after)6?\.rules$|(?:^|/)(?:default/ufw|ufw/ufw\.conf)$"), "ufw"),
    (pattern(r"(?:^|/)firewalld\.conf$"), "firewalld-conf"),
    (pattern(r"(?:^|/)network-scripts/route6?-[^/]+$"), "route-file"),
    (pattern(r"(?:^|/)sysconfig/network/(?:ifroute-[^/]+|routes)$"), "suse-routes"),
)
# Scripts of packages, in a dump of a whole system: nobody set up the host with them.
_PROGRAM = pattern(r"(?:^|/)usr/(?:s?bin|lib(?:exec|32|64)?|share)/(?:[^/]+/)*[^/]+\.(?:sh|bash)$")
_TEMPLATE_MARK = pattern(r"\{\{|\{%|<%")
_SHEBANG = pattern(r"#!\s*\S*(?:/|env\s+)(?P<program>[\w-]+)")
_CLOUD_HEAD = pattern(r"(?:## *template: *jinja[^\n]*\n)?#cloud-config(?:\s|$)")
# User data of several parts, or with a hook.
_CLOUD_PARTS = pattern(
    r"#cloud-(?:config-archive|boothook)(?:\s|$)"
    r"|(?:From .*\n)?(?:[\w-]+:.*\n(?:[ \t].*\n)*){0,8}?Content-Type: *"
    r"(?:multipart/|text/(?:cloud-|x-shellscript|x-include-))",
    re.IGNORECASE,
)
_PART_OF_CLOUD = pattern(
    r"^(?:Content-Type: *text/(?:cloud-config|cloud-boothook|x-shellscript|x-include-)|#cloud-(?:config|boothook)\b)",
    re.MULTILINE | re.IGNORECASE,
)
_PACKED_PART = pattern(r"^Content-Transfer-Encoding: *base64", re.MULTILINE | re.IGNORECASE)
# What else makes user data one for netlint; what is packed cannot be seen through yet.
_NETWORK_FILE = pattern(
    r"\b(?:brctl|netplan|wireguard|wg|resolv\.conf|systemd/network|NetworkManager|firewalld|weave|flannel|kubeadm)\b"
    r"|!!binary|^\s+encoding:",
    re.MULTILINE,
)
_HTTP_HEADERS = pattern(r"\AHTTP/[\d.]+ \d+.*\n(?:[\w-]+: .*\n)*")  # what `curl -i` prints of the engine's API
# Files that may hold what somebody pasted, though nothing at their beginning says so.
PASTED = pattern(r"\.(?:txt|log|out|text|session)$|(?:^|/)[^.]+$", re.IGNORECASE)
# Formats of files that are never taken for transcripts: they may quote commands.
WHOLE = frozenset(
    """compose env-file daemon-json systemd-unit docker-defaults shell-script kubernetes cni flannel firewalld ansible
    firewalld-conf fail2ban network-config netplan ifupdown route-file suse-routes wireguard openvpn template
    dockerd-command""".split()
)
# What each network namespace has of its own.
_PER_NAMESPACE = frozenset(
    """ip-addr ip-addr-json ip-addr-brief ifconfig ip-route ip-route-json route-n ip-rule ip-neigh arp iptables-save
    iptables-S iptables-L nft nft-json ipset bridge brctl ethtool listeners sysctl resolv-conf""".split()
)
_UNIT = pattern(
    r"docker|iptables|nftables|\bnft\b|flannel|weave|kube|calico|cni\b|containerd|/ip\b|brctl|sysctl|etcd|consul|k3s|rke2"
)
# Not read in search of listings: programs, documents that quote listings, styles.
_OTHER_TEXTS = frozenset(
    """md mdx markdown rst adoc asciidoc htm html tex py pyi go rs rb js jsx ts tsx mjs c h cc cpp hpp java kt scala php
    pl pm lua swift cs css scss less sql ipynb csv tsv svg patch diff lock po proto tf hcl vue svelte bats
    toml gitignore gitattributes dockerignore editorconfig 1 2 3 4 5 6 7 8""".split()
)
_DOCUMENTS = frozenset(
    ("readme", "howto", "changelog", "license", "copying", "copyright", "news", "pkg-info", "requirements")
)
_TEMPLATES = (".j2", ".jinja", ".jinja2", ".tpl", ".tmpl", ".gotmpl", ".erb", ".mustache")


def sniff(text: str, path: str) -> str | None:
    """The format of the file at `path` that begins with `text`, a key of FORMATS; None where netlint knows none.

    64 KiB of text are enough, except for YAML, whose top-level keys may come late.
    """
    found = _sniff(text, path.replace("\\", "/"))
    return found if found in FORMATS else None


def may_hold_listings(path: str) -> bool:
    """False for programs and documents, which are not searched for listings."""
    name = path.lower().rpartition("/")[2]
    _, dotted, suffix = name.rpartition(".")
    if (dotted and suffix in _OTHER_TEXTS) or name.startswith("dockerfile"):
        return False
    stem, dotted, suffix = name.partition(".")
    return stem not in _DOCUMENTS or (bool(dotted) and not (suffix.isascii() and suffix.isalpha()))


def is_script(text: str) -> bool:
    """Whether a text consists mostly of shell commands about a host's network."""
    head = text[:8192]
    if _OF_SHELL.isdisjoint(re.findall(r"\w+", head)):
        return False  # without the expression, which is dear to compile
    lines = [line.strip() for line in head.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return bool(lines) and 2 * sum(re.match(_SHELL_COMMAND, line) is not None for line in lines) >= len(lines)


def named_format(text: str, path: str) -> str | None:
    """The format of a file that only its name, given by the user, speaks for."""
    if path.endswith(".sh") or re.match(r"#!\s*\S*\b(?:ba|da|z|k)?sh\b", text):
        return "shell-script"
    return name_format(path)


def namespace(text: str, path: str, format: str) -> str | None:
    """The container or network namespace that a listing belongs to, from its path or the command above it."""
    if format not in _PER_NAMESPACE:
        return None
    command = next((command for command in _commands(text) if command.format == format), None)
    return path_namespace(path) or (command.namespace if command is not None else None)


def _sniff(text: str, path: str) -> str | None:
    lower = path.lower()
    if not may_hold_listings(path):
        return None
    name = lower.rpartition("/")[2]
    if name == ".env":
        return "env-file"
    is_yaml = name.endswith((".yml", ".yaml"))
    placed = None if is_yaml else next((found for pattern, found in _PLACED if pattern.search(lower)), None)
    if placed is not None and not (placed == "route-file" and re.search(r"^ADDRESS\d+=", text, re.MULTILINE)):
        return placed
    is_template = name.endswith(_TEMPLATES) and _TEMPLATE_MARK.search(text)
    if is_template and yaml_format(text, path) in ("compose", "kubernetes", "template"):
        return "template"
    if text.startswith("HTTP/"):
        text = _HTTP_HEADERS.sub("", text, count=1)
    start = text[:4096].lstrip()
    if not start:
        return name_format(path)
    lower_start = start.lower()
    if "#cloud-config" in start and _CLOUD_HEAD.match(start):
        return "cloud-config" if _CLOUD_KEY.search(text) and _is_of_networks(text) else None
    may_have_parts = lower_start.startswith("#cloud-") or "content-type:" in lower_start
    if may_have_parts and _CLOUD_PARTS.match(start) and _PART_OF_CLOUD.search(text):
        return "cloud-config" if _is_of_networks(text) or _PACKED_PART.search(text) else None
    if name == "network-config":  # of cloud-init's NoCloud, beside the user data
        return yaml_format(text, path)
    shebang = _SHEBANG.match(start) if start.startswith("#!") else None
    is_shell = name.endswith((".sh", ".bash"))
    if is_shell and _PROGRAM.search(lower):
        return None
    if shebang is not None or is_shell:
        return _script(text, shebang["program"] if shebang is not None else "sh")
    if is_yaml or re.search(r"\.ya?ml\.(?:j2|tmpl|tpl|erb|dist|example|sample)$", name):
        return yaml_format(text, path)
    if start[0] in '{["' or start.startswith(("//", "/*")):
        found = json_format(text, path)
        if found is not None or name.endswith(".json"):
            return found or (name_format(path) if len(start) < 8 else None)
    if name.endswith(".json"):
        return json_format(text, path)
    return _listing(text, path) or _other(text, path)


def _is_of_networks(text: str) -> bool:
    """Whether user data speaks of a host's network, or may."""
    return _NETWORK_WORD.search(text) is not None or _NETWORK_FILE.search(text) is not None


def _script(text: str, program: str) -> str | None:
    if program == "nft":
        return "nft"
    if program.endswith("tables-restore"):
        return "iptables-save"
    if program not in ("sh", "bash", "dash", "zsh", "ksh", "ash", "rc"):
        return None
    if _OF_SHELL.isdisjoint(re.findall(r"\w+", text)):
        return None
    return "shell-script" if re.search(_SHELL_COMMAND, text, re.MULTILINE) else None


def _commands(text: str) -> list[Command]:
    """The commands shown at prompts, or as a heading: `# ip route` above everything or behind an empty line."""
    found = []
    before = ""
    for line in text[:16384].splitlines()[: 2 * _LINES]:
        prompt = PROMPT.match(line)
        if prompt is not None and not (before and line.startswith("# ") and not before.startswith("#==[")):
            command = command_format(prompt["command"])
            if command is not None:
                found.append(command)
        before = line.strip()
    return found


def _listing(text: str, path: str) -> str | None:
    """The format of a command's output or of a line-by-line configuration file."""
    from netlint.sniff_lines import STRONG, WEAK, kind_of, kinds_in  # noqa: PLC0415 - Compose files do without

    lines = [line.strip() for line in text[:65536].split("\n", 4 * _LINES)[: 4 * _LINES]]
    lines = [line for line in lines if line][:_LINES]
    shown = [command.format for command in _commands(text)]
    strong: list[str] = []
    weak: Counter[str] = Counter()
    comments = 0
    text_of_lines = "\n".join(lines)
    telling, hinting = kinds_in(STRONG, text_of_lines), kinds_in(WEAK, text_of_lines)
    for line in lines:
        if (name := kind_of(line, telling)) is not None:
            strong.append(name)
        elif (name := kind_of(line, hinting)) is not None:
            weak[name] += 1
        else:
            comments += line[0] in "#;$" or PROMPT.match(line) is not None
    if strong:
        return _chosen(strong, shown, text, path)
    if shown:  # a prompt names the output that follows, whatever it looks like (JSON, nothing)
        return next((one for one in shown if FORMATS[one].parser), shown[0])
    for name, count in weak.most_common(1):
        if 2 * count >= len(lines) - comments:
            return "iptables-save" if name == "iptables-S" and name_format(path) == "iptables-save" else name
    return None


def _chosen(strong: list[str], shown: list[str], text: str, path: str) -> str | None:
    """One format of those that lines of a text speak for."""
    first = strong[0]
    if "ufw" in strong and first == "iptables-save":  # its own files of rules
        return "ufw"
    if first == "systemd-unit" and "network-config" in strong:
        return "network-config"
    if first == "systemd-unit":
        return "systemd-unit" if _UNIT.search(text) or "docker" in path.lower() else None
    if first in ("flannel-env", "docker-defaults"):
        return "docker-defaults" if "docker-defaults" in strong and not _of_flannel(path) else "flannel-env"
    if first == "docker-info" and shown[:1] == ["docker-version"]:
        return "docker-version"
    if shown:  # several outputs in one file: the first that can be read
        return next((one for one in [*shown, *strong] if FORMATS[one].parser), first)
    return first


def _of_flannel(path: str) -> bool:
    """True for /run/flannel/docker, under its own name or as `run-flannel-docker`."""
    folders, _, name = path.lower().rpartition("/")
    return "flannel" in name or folders.rpartition("/")[2] == "flannel"


def _other(text: str, path: str) -> str | None:
    """What is left: YAML, JSON or shell commands without a name that says so, and files known by name alone."""
    found = yaml_format(text, path) if re.search(r"^services[ \t]*:", text, re.MULTILINE) else None
    found = found or (json_format(text, path) if re.match(r'\s*[\]}"{\[]', text) else None)
    if found is not None:
        return found
    if is_script(text):
        return "shell-script"
    if re.match(r"\s*(?:sudo )?(?:cat|tee|echo) .*(?:<<|/etc/docker)", text):
        return "shell-script"
    if re.search(r"(?:^|/)\.env\.[\w.-]+$|\.env$", path.lower()):  # files of Compose's env_file
        return "env-file"
    return None if is_compose_name(path) else _by_name(text, path)


def _by_name(text: str, path: str) -> str | None:
    """Configuration files that need not hold a line of their kind: all in comments, or settings only."""
    lower = "/" + path.lower()
    if re.search(r"/(?:default|sysconfig|conf\.d)[/_-]docker(?:-network|-storage)?$", lower):
        return "docker-defaults"
    if re.search(r"/jail\.(?:local|conf)$|/jail\.d/[^/]+$", lower):
        return "fail2ban"
    if re.search(r"/sysctl(?:\.d/[^/]+)?\.conf$", lower):
        return "sysctl"
    if re.search(r"\.(?:service|socket)\.d/[^/]+\.conf$", lower) and "docker" in lower:
        return "systemd-unit"
    if name_format(path) == "docker-version" and re.search(r"^\s*Version:\s+\d+\.\d", text, re.MULTILINE):
        return "docker-version"
    return None
