"""The variables of a Compose project's `.env` files, and which of their values may be used where secrets are."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from netlint.build.interpolation import Environment, expand
from netlint.parse.dotenv import EnvFile
from netlint.parse.tree import Scalar
from netlint.pattern import pattern
from netlint.prefix import parse_address, parse_prefix

_SECRETS = "pass pwd secret token key cred auth salt pepper private cert hash seed login dsn license".split()
_DOMAIN = pattern(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_PORT = pattern(r"[1-9][0-9]{1,4}")


def variables(files: Iterable[EnvFile], outer: Environment) -> Environment:
    """What the files set under the names that `outer` does not, together with `outer`.

    A value may use variables set before it. What cannot be told without the environment is left out.
    """
    inner: dict[str, str | None] = {}
    for file in files:
        for one in file.variables:
            if one.value is None:
                inner.pop(one.name, None)
                continue
            value = one.value
            if not one.literal and "$" in value:
                expanded = expand(Scalar(span=one.span, text=value, value=value), {**inner, **outer})
                if not expanded.known:
                    inner.pop(one.name, None)
                    continue
                value = expanded.text
            inner[one.name] = value
    return {**inner, **outer}


def guarded(environment: Environment, names: Collection[str]) -> Environment:
    """The same without the values that are no addresses, ports or names of hosts, or may be secrets.

    `names` are those of the project's own services. Environment values, commands and labels see no others.
    """
    return {
        name: value if value is not None and _tells_place(name, value, names) else None
        for name, value in environment.items()
    }


def _tells_place(name: str, value: str, names: Collection[str]) -> bool:
    lower = name.lower()
    if any(word in lower for word in _SECRETS) or not {"pin", "pw"}.isdisjoint(lower.split("_")):
        return False
    return (
        value in names
        or value == "localhost"
        or _PORT.fullmatch(value) is not None
        or _DOMAIN.fullmatch(value) is not None
        or parse_address(value) is not None
        or parse_prefix(value) is not None
    )
