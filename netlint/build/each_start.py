"""Commands that run whenever the host starts, not once at a prompt: by the paths of units, hooks and boot scripts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from netlint.model.action import Action, AddressChange, RouteChange

# Units of systemd and upstart, scripts of init, hooks of the network managers, and of cloud-init what every boot runs.
_PATH = re.compile(
    r"\.service$|\.conf$|if-(?:pre-)?up|dispatcher(?:\.d)?/|(?:^|[:/])rc\.local$|/init\.d/|/local\.d/[^/]+\.start$"
    r"|/scripts/per-boot/|:bootcmd$|:part-\d+:boot$"
)


def with_each_start(actions: Iterable[Action]) -> Iterator[Action]:
    """The actions, those told that run at each start."""
    known: dict[str, bool] = {}
    for action in actions:
        if isinstance(action, (AddressChange, RouteChange)):
            path = action.span.source
            if path not in known:
                known[path] = _PATH.search(path) is not None
            yield replace(action, each_start=True) if known[path] else action
        else:
            yield action
