"""Weave Net, wherever it is set up: scripts, unit files, Compose services, Kubernetes manifests.

The weave script reads its flags and the WEAVE_… variables; the containers (weave-kube, the plugin) read variables only,
IPALLOC_RANGE among them. Sources: `weave` and prog/weave-kube/launch.sh of weaveworks/weave, 1.0 to 2.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from netlint.build.facts import HostFacts, Parsed
from netlint.model.action import WeaveAddress
from netlint.model.located import Located
from netlint.model.overlay import Weave
from netlint.parse.tree import Mapping, Node, Scalar, Word
from netlint.parse.tree import Sequence as Items
from netlint.parse.words import cut
from netlint.pattern import pattern
from netlint.prefix import parse_address, parse_interface, parse_prefix
from netlint.source import Span

if TYPE_CHECKING:  # the shell parser is not the price of a Compose file
    from netlint.parse.shell import Command
    from netlint.parse.shell import Variable as ShellVariable

SETTINGS = ("WEAVE_NO_FASTDP", "WEAVE_PASSWORD", "WEAVE_MTU", "IPALLOC_RANGE")
_OF_SCRIPT = SETTINGS[:3]
_FLAGS = {
    "no-fastdp": "WEAVE_NO_FASTDP",
    "password": "WEAVE_PASSWORD",
    "mtu": "WEAVE_MTU",
    "ipalloc-range": "IPALLOC_RANGE",
    "iprange": "IPALLOC_RANGE",
}
# The images that carry the router; weave-npc and weaveexec only accompany it.
_IMAGE = pattern(r"(?:[\w.-]+(?::\d+)?/)?weaveworks/(?:weave|weave-kube|net-plugin)(?::(?P<tag>[\w.-]+))?(?:@.*)?")
_VERSION = pattern(r"v?(\d+(?:\.\d+)+)")
_MANIFEST = pattern(r"https?://(?:cloud\.weave\.works/k8s|git\.io/weave|\S*weaveworks/weave/releases).*", re.DOTALL)
_MANIFEST_VERSION = pattern(r"(?<=/download/)v\d+(?:\.\d+)+")
_MANIFEST_SETTING = pattern(r"[?&](?:env\.(\w+)|(password)-secret)=([^&]*)")


class Given(Struct, frozen=True):
    """A setting by the name of its variable. `label` is its name as it stands at `span`, `value` None where the name
    alone sets it, or where the value is kept elsewhere."""

    key: str
    span: Span
    value: Word | None
    label: str

    @property
    def shown(self) -> str:
        """The setting as a message may show it, which is never asked of a password."""
        return self.label if self.value is None else f"{self.label}={self.value.text}"


def make_weave(span: Span, settings: Iterable[Given], facts: HostFacts, version: Word | None = None) -> Weave:
    """Weave with these settings, the last of a name counting. `version` is an image's tag."""
    found = {one.key: one for one in settings}
    fastdp, password = found.get("WEAVE_NO_FASTDP"), found.get("WEAVE_PASSWORD")
    mtu, allocated = found.get("WEAVE_MTU"), found.get("IPALLOC_RANGE")
    fastdp_off = password_at = located_mtu = located_range = numbers = None
    if fastdp is not None and _is_set(fastdp):
        exact = fastdp.value is None or fastdp.value.exact
        fastdp_off = Located(fastdp.shown, fastdp.span, exact)
    if password is not None and _is_set(password):
        password_at = password.span
    if mtu is not None and mtu.value is not None and mtu.value.text:
        if mtu.value.text.isdecimal():
            located_mtu = Located(int(mtu.value.text), mtu.value.span, mtu.value.exact)
        elif mtu.value.exact:
            facts.problem(mtu.value.span, f"{mtu.shown} is no number")
    if allocated is not None and allocated.value is not None and allocated.value.text:
        prefix = parse_prefix(allocated.value.text)
        if prefix is not None:
            located_range = Located(prefix, allocated.value.span, allocated.value.exact)
        elif allocated.value.exact:
            facts.problem(allocated.value.span, f"{allocated.shown} is no range of addresses")
    if version is not None and (parsed := _VERSION.match(version.text)) is not None:
        numbers = Located(tuple(int(part) for part in parsed[1].split(".")), version.span, version.exact)
    return Weave(
        span=span, version=numbers, fastdp_off=fastdp_off, password=password_at, mtu=located_mtu, range=located_range
    )


def _is_set(given: Given) -> bool:
    """The scripts test for an empty string, so `false` and `0` are as good as `true`."""
    return given.value is None or given.value.text != ""


def build_weave_command(command: Command, facts: HostFacts) -> None:
    """Add what one `weave …` command sets up."""
    words = [word for word in command.words[1:] if word.text != "--local"]
    match words[0].text if words else "":
        case "launch" | "launch-router":
            _launch(words[1:], command, facts)
        case "run" | "attach" | "expose" as name:
            _addresses(name, words[1:], command, facts)
        case _:
            pass


def _launch(words: Sequence[Word], command: Command, facts: HostFacts) -> None:
    seen = [variable for variable in command.variables if variable.name in _OF_SCRIPT]
    settings = [_given(variable) for variable in seen if variable.exported]
    for index, word in enumerate(words):
        name, equals, _ = word.text.partition("=")
        key = _FLAGS.get(name.lstrip("-")) if name.startswith("-") else None
        if key == "WEAVE_NO_FASTDP":
            settings.append(Given(key, word.span, None, name))
        elif key is not None:
            value = structs.replace(cut(word, len(name) + 1), exact=word.exact) if equals else None
            if value is None and index + 1 < len(words):
                value = words[index + 1]
            settings.append(Given(key, word.part(0, len(name)), value, name))
    weave = make_weave(command.span, settings, facts)
    hidden = tuple(Located(variable.name, variable.span) for variable in seen if not variable.exported)
    facts.weave.append(
        Weave(
            span=weave.span,
            fastdp_off=weave.fastdp_off,
            password=weave.password,
            mtu=weave.mtu,
            range=weave.range,
            not_exported=hidden,
            peers=tuple(
                Located(address, word.span, word.exact)
                for word in words
                if (address := parse_address(word.text)) is not None
            ),
        )
    )


def _given(variable: ShellVariable) -> Given:
    return Given(variable.name, variable.span, variable.values[0] if variable.values else None, variable.name)


def _addresses(name: str, words: Sequence[Word], command: Command, facts: HostFacts) -> None:
    """Addresses come first: `weave run 10.0.1.1/24 -d nginx`, `weave attach 10.0.1.1/24 web`."""
    count = next((at for at, word in enumerate(words) if parse_interface(word.text) is None), len(words))
    rest = words[count:]
    container: Located[str] | None = None
    if name == "attach" and rest:
        container = Located(rest[-1].text, rest[-1].span, rest[-1].exact)
    elif name == "run":
        container = _container(rest)
    for word in words[:count]:
        address, length = parse_interface(word.text) or (None, 0)
        if address is not None and "/" in word.text:
            facts.actions.append(
                WeaveAddress(
                    span=command.span,
                    command=name,
                    address=Located(address, word.span, word.exact),
                    length=length,
                    container=container,
                    certain=command.certain,
                )
            )


def _container(words: Sequence[Word]) -> Located[str] | None:
    for index, word in enumerate(words):
        if word.text.startswith("--name="):
            name = cut(word, len("--name="))
            return Located(name.text, name.span, word.exact)
        if word.text == "--name" and index + 1 < len(words):
            return Located(words[index + 1].text, words[index + 1].span, words[index + 1].exact)
    return None


def build_weave_plugin(command: Command, words: Sequence[Word], facts: HostFacts) -> None:
    """`docker plugin install` or `set` of weave's plugin, with its settings after it."""
    image = next((word for word in words if not word.text.startswith("-")), None)
    found = _IMAGE.fullmatch(image.text) if image is not None else None
    if image is not None and found is not None:
        settings = [given for word in words if (given := _pair(word)) is not None]
        facts.weave.append(make_weave(command.span, settings, facts, _tag(image, found)))


def build_weave_manifest(command: Command, facts: HostFacts) -> None:
    """`kubectl apply -f https://cloud.weave.works/k8s/net?env.WEAVE_MTU=8916`: settings in the address."""
    for word in command.words[1:]:
        if _MANIFEST.fullmatch(word.text):
            settings = []
            for found in _MANIFEST_SETTING.finditer(word.text):
                value = structs.replace(
                    cut(word, found.start(3), found.end(3)), exact=word.exact and "$" not in found[3]
                )
                key = found[1] or "WEAVE_PASSWORD"
                settings.append(Given(key, word.part(found.start() + 1, found.start(3) - 1), value, key))
            version = _MANIFEST_VERSION.search(word.text)
            tag = cut(word, version.start(), version.end()) if version is not None else None
            facts.weave.append(make_weave(word.span, settings, facts, tag))


def build_weave_services(files: list[Parsed], facts: HostFacts) -> None:
    """Weave as a service of the host's Compose projects, which are built before."""
    for project in facts.projects:
        for service in project.services:
            found = _IMAGE.fullmatch(service.image.value) if service.image is not None else None
            if service.image is None or found is None:
                continue
            image = Word(service.image.value, service.image.span, exact=service.image.exact)
            settings = [
                Given(name, value.span, Word(value.value, value.span, False, (), value.exact), name)
                for name, value in service.environment
                if name in SETTINGS
            ]
            settings += _flags([Word(part.value, part.span, exact=part.exact) for part in service.command])
            facts.weave.append(make_weave(service.span, settings, facts, _tag(image, found)))


def add_kubernetes_weave(file: Parsed, facts: HostFacts) -> bool:
    """Add weave as the objects of a manifest set it up; False where none does."""
    containers = [one for document in file.tree for one in _containers(document)]
    found = [(one, image, match) for one in containers for image, match in [_image(one)] if match is not None]
    for container, image, match in found:
        if image is not None:
            facts.weave.append(make_weave(image.span, _environment(container), facts, _tag(image, match)))
    return bool(found)


def _containers(node: Node) -> Iterable[Mapping]:
    """The containers that run, at any depth (lists of objects hold DaemonSets); initContainers end before."""
    if isinstance(node, Items):
        for item in node.items:
            yield from _containers(item)
    elif isinstance(node, Mapping):
        for key, value in node.items():
            if key.text == "containers" and isinstance(value, Items):
                yield from (item for item in value.items if isinstance(item, Mapping))
            elif key.text != "initContainers":
                yield from _containers(value)


def _image(container: Mapping) -> tuple[Word | None, re.Match[str] | None]:
    image = container.get("image")
    if not isinstance(image, Scalar):
        return None, None
    return _word(image), _IMAGE.fullmatch(image.text)


def _environment(container: Mapping) -> list[Given]:
    """`env`, `command` and `args`; a value from elsewhere (`valueFrom`) counts as set."""
    settings: list[Given] = []
    env = container.get("env")
    for item in env.items if isinstance(env, Items) else ():
        name = item.get("name") if isinstance(item, Mapping) else None
        if not isinstance(item, Mapping) or not isinstance(name, Scalar) or name.text not in SETTINGS:
            continue
        value = item.get("value")
        if isinstance(value, Scalar):
            settings.append(Given(name.text, name.span, _word(value), name.text))
        elif item.get("valueFrom") is not None:
            settings.append(Given(name.text, name.span, None, name.text))
    for key in ("command", "args"):
        words = container.get(key)
        if isinstance(words, Items):
            settings += _flags([_word(word) for word in words.items if isinstance(word, Scalar)])
    return settings


def _flags(words: Sequence[Word]) -> list[Given]:
    return [Given("WEAVE_NO_FASTDP", word.span, None, word.text) for word in words if word.text == "--no-fastdp"]


def _pair(word: Word) -> Given | None:
    name, equals, _ = word.text.partition("=")
    if not equals or name not in SETTINGS:
        return None
    return Given(name, word.part(0, len(name)), structs.replace(cut(word, len(name) + 1), exact=word.exact), name)


def _word(scalar: Scalar) -> Word:
    if scalar.start is None:
        return Word(scalar.text, scalar.span, False)
    return Word(scalar.text, scalar.part(0, len(scalar.text)))


def _tag(image: Word, found: re.Match[str]) -> Word | None:
    return cut(image, found.start("tag"), found.end("tag")) if found["tag"] is not None else None
