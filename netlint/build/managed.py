"""Which links the files of a network manager give to it."""

from __future__ import annotations

from collections.abc import Iterator

from netlint.model.interface import Managed
from netlint.model.located import Located
from netlint.parse.ini import Section

# By these a file of networkd tells links of one kind from others that have the same name.
_OF_ONE_KIND = (
    "Kind",
    "Driver",
    "Path",
    "MACAddress",
    "PermanentMACAddress",
    "OriginalName",
    "Property",
    "BSSID",
    "SSID",
)
_TRUE = ("yes", "true", "on", "1")


def networkd_links(sections: list[Section], path: str) -> Iterator[Managed]:
    """The links that a `.network` file is for, where their names or the type of cards alone tell."""
    named = {section.name.text: section for section in sections if section.name is not None}
    match, network, link = named.get("Match"), named.get("Network"), named.get("Link")
    name = match.get("Name") if match is not None else None
    kind = match.get("Type") if match is not None else None
    if match is None or any(match.get(key) is not None for key in _OF_ONE_KIND):
        return
    if kind is not None and kind.value.text.lower() != "ether":  # veth pairs and bridges are of that type, too
        return
    if name is not None:
        patterns = Located(name.value.text, name.value.span)
    elif kind is not None:
        patterns = Located("*", kind.value.span)
    else:
        return
    dhcp = network.get("DHCP") if network is not None else None
    alone = link.get("Unmanaged") if link is not None else None
    keep = network.get("KeepMaster") if network is not None else None
    yield Managed(
        patterns,
        "networkd",
        path,
        addressed=dhcp is not None and dhcp.value.text.lower() in ("yes", "true", "ipv4", "ipv6", "both"),
        left_alone=alone is not None and alone.value.text.lower() in _TRUE,
        keeps_bridge=keep is not None and keep.value.text.lower() in _TRUE,
    )
