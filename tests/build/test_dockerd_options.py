"""The table of dockerd's options."""

from __future__ import annotations

from collections import Counter

import pytest

from netlint.build.dockerd_options import OPTIONS, OptionType, by_flag, by_key, closest


def test_no_key_or_flag_stands_twice() -> None:
    counts = Counter(option.key for option in OPTIONS if option.key)
    counts += Counter(f"--{flag}" for option in OPTIONS for flag in (option.flag, option.short) if flag)
    assert [name for name, count in counts.items() if count > 1] == []


def test_every_option_has_a_name_and_a_span_of_releases() -> None:
    for option in OPTIONS:
        assert option.name
        assert len(option.short) <= 1
        assert option.since is None or option.removed is None or option.since < option.removed


@pytest.mark.parametrize(
    ("flag", "key"),
    [
        ("host", "hosts"),
        ("H", "hosts"),
        ("b", "bridge"),
        ("dns", "dns"),
        ("dns-opt", "dns-opts"),
        ("default-address-pool", "default-address-pools"),
        ("insecure-registry", "insecure-registries"),
        ("add-runtime", "runtimes"),
        ("label", "labels"),
        ("cluster-store-opt", "cluster-store-opts"),
        ("g", "graph"),
        ("config-file", ""),
    ],
)
def test_flags_and_their_keys(flag: str, key: str) -> None:
    option = by_flag(flag)
    assert option is not None
    assert option.key == key


@pytest.mark.parametrize("key", ["BIP", "host", "dns-opt", "swarm-raft-election-tick", "resolv-conf", "nosuch", ""])
def test_what_is_no_key(key: str) -> None:
    assert by_key(key) is None


@pytest.mark.parametrize(
    ("key", "since", "removed"),
    [
        ("cluster-store", None, (23, 0)),
        ("graph", None, (23, 0)),
        ("default-address-pools", (18, 6), None),
        ("ip6tables", (20, 10), None),
        ("firewall-backend", (29, 0), None),
    ],
)
def test_releases(key: str, since: tuple[int, ...] | None, removed: tuple[int, ...] | None) -> None:
    option = by_key(key)
    assert option is not None
    assert (option.since, option.removed) == (since, removed)


@pytest.mark.parametrize(
    ("name", "flag", "meant"),
    [
        ("BIP", False, "bip"),
        ("log_driver", False, "log-driver"),
        ("registry-mirror", False, "registry-mirrors"),
        ("insecure-registry", False, "insecure-registries"),
        ("default-address-pool", False, "default-address-pools"),
        ("fixed-cidrs", False, "fixed-cidr"),
        ("hosts", True, "host"),
        ("dns-opts", True, "dns-opt"),
        ("iptable", True, "iptables"),
        ("banana", False, None),
    ],
)
def test_suggestions(name: str, flag: bool, meant: str | None) -> None:
    assert closest(name, flag=flag) == meant


def test_types_of_options_that_messages_speak_of() -> None:
    types = {option.key: option.type for option in OPTIONS}
    assert types["mtu"] is OptionType.INT
    assert types["icc"] is OptionType.BOOL
    assert types["default-gateway"] is OptionType.ADDRESS
    assert types["default-address-pools"] is OptionType.POOLS
