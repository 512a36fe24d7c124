"""Words of scripts, units and environment files that a report must not show."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Programs whose arguments are about networks; what other programs get is not shown.
_TOOLS = frozenset(
    """arptables brctl bridge conntrack dhclient docker docker-compose dockerd ebtables ethtool firewall-cmd ifconfig
    ifdown ifup ip ip6tables ip6tables-restore ip6tables-save ipset iptables iptables-restore iptables-save modprobe
    netplan nft nmcli podman route service ss sysctl systemctl tc ufw weave cd exit fi done then else if true false
    sleep""".split()
)
_PREFIXES = frozenset(
    {"sudo", "exec", "nohup", "time", "then", "else", "do", "if", "!", "{", "(", "$", "#", "nsenter", "export"}
)
# Options of docker, dockerd and weave whose value is not shown, or of `NAME=value` what stands behind the sign.
_GUARDED = frozenset(
    """-e --env -l --label --build-arg --log-opt --password --password-stdin -u --user --health-cmd --entrypoint
    --storage-opt --secret --annotation""".split()
)
_FLAGS = frozenset(
    """--rm --detach --init --interactive --tty --privileged --read-only --publish-all --no-healthcheck --quiet
    --oom-kill-disable --sig-proxy""".split()
)
_SHORT_FLAGS = re.compile(r"-[ditPq]+")
# An assignment that is shown: numbers and addresses, options, names of interfaces, other variables.
_HARMLESS = re.compile(r"""["']?(?:[\d./:,\s-]*|[a-z]{2,8}\d{0,3}|\$\{?\w+\}?)["']?""")
_ASSIGNMENT = re.compile(r"(?:export[ \t]+)?(?P<name>[\w.-]+)\+?=(?P<value>.*)", re.DOTALL)
_NAME = re.compile(r"\$?\{?[\w./+-]+\}?:?")
_OPTIONS = re.compile(r"""["']?\s*-""")
_WORD = re.compile(r"""(?:[^\s"'\\;|&]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*(?:"|\Z)|'[^']*(?:'|\Z))+|[;|&]+|\n""")


def guarded_words(text: str, format: str) -> Iterator[tuple[int, int]]:
    """The pieces of the text that must not be shown."""
    words: list[re.Match[str]] = []
    for found in _WORD.finditer(text):
        if found[0] == "\n" or found[0][0] in ";|&":
            yield from _command(words, format)
            words = []
        else:
            words.append(found)
    yield from _command(words, format)


def _command(words: list[re.Match[str]], format: str) -> Iterator[tuple[int, int]]:
    """What is not shown of one command, or of one setting of a unit."""
    if not words or words[0][0].startswith(("#", "[")):
        return
    for at, word in enumerate(words):
        setting = _ASSIGNMENT.fullmatch(word[0])
        if setting is not None and format == "systemd-unit" and setting["name"].startswith("Exec"):
            if setting["value"]:
                yield from _arguments(setting["value"].lstrip("-@:+!"), words[at + 1 :])
                return
        elif setting is not None:
            yield from _value(word.start(), setting)
            if format == "systemd-unit":
                yield from ((one.start(), one.end()) for one in words[at + 1 :])
                return
        elif word[0] not in _PREFIXES:
            if not _NAME.fullmatch(word[0]):
                yield word.start(), word.end()
            yield from _arguments(word[0], words[at + 1 :])
            return


def _value(start: int, setting: re.Match[str]) -> Iterator[tuple[int, int]]:
    """The value of an assignment, unless it is harmless; in one with options, what they guard."""
    value, first = setting["value"], start + setting.start("value")
    if _HARMLESS.fullmatch(value):
        return
    if not _OPTIONS.match(value):
        yield first, first + len(value)
        return
    inner = [*re.finditer(r"""[^\s"']+""", value)]
    for begin, end in _options([(found[0], found.start()) for found in inner], "dockerd"):
        yield first + begin, first + end


def _arguments(program: str, words: list[re.Match[str]]) -> Iterator[tuple[int, int]]:
    name = program.rpartition("/")[2]
    if name not in _TOOLS:
        if words:
            yield words[0].start(), words[-1].end()
        return
    yield from _options([(word[0], word.start()) for word in words], name)


def _options(words: list[tuple[str, int]], program: str) -> Iterator[tuple[int, int]]:
    """What is guarded among the words of a program, each with its place."""
    verb = next((index for index, (word, _) in enumerate(words) if not word.startswith("-")), len(words))
    action = words[verb][0] if verb < len(words) else ""
    runs = program in ("docker", "podman") and action in ("run", "create", "exec", "container", "service")
    if program in ("docker", "podman") and action == "login":
        yield from ((start, start + len(word)) for word, start in words[verb + 1 :])
        return
    at = verb + 1 if runs else 0
    while at < len(words):
        word, start = words[at]
        option, equals, value = word.partition("=")
        if option in _GUARDED and equals:
            yield from _behind(value, start + len(option) + 1)
        elif option in _GUARDED and at + 1 < len(words):
            at += 1
            yield from _behind(*words[at])
        elif runs and not word.startswith("-") and action not in ("container", "service"):
            yield from ((first, first + len(one)) for one, first in words[at + 1 :])  # the command of the container
            return
        elif runs and not equals and option not in _FLAGS and not _SHORT_FLAGS.fullmatch(option):
            at += 1
        at += 1


def _behind(value: str, start: int) -> Iterator[tuple[int, int]]:
    """The part of `NAME=value` behind the sign, or all of it where there is none."""
    name, equals, _ = value.partition("=")
    yield (start + len(name) + 1, start + len(value)) if equals else (start, start + len(value))
