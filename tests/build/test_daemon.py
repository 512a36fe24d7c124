"""What configures dockerd, from all files of a host together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.model.daemon import OptionValue, Setting
from tests.build.daemons import UNIT, from_flags, from_host, from_json

SHARED = Path(__file__).resolve().parents[2] / "../shared"


class TestDaemonJson:
    def test_values_and_places(self) -> None:
        built = from_json('{"bip": "10.1.0.1/24", "mtu": 1450, "icc": false, "dns": ["9.9.9.9", "1.1.1.1"]}')
        assert built.values() == {"bip": "10.1.0.1/24", "mtu": 1450, "icc": False, "dns": ("9.9.9.9", "1.1.1.1")}
        assert built.slice(built.one("bip").span) == "10.1.0.1/24"
        assert built.slice(built.one("bip").name_span) == "bip"
        assert [built.slice(item.span) for item in built.one("dns").items] == ["9.9.9.9", "1.1.1.1"]
        assert all(option.setting is Setting.FILE and option.known for option in built.facts.options)

    @pytest.mark.parametrize(
        ("entry", "error"),
        [
            ('"bip": 5', "must be a string, not a number"),
            ('"dns": "8.8.8.8"', "must be a list of IP addresses, not a string"),
            ('"dns": ["banana"]', "each item must be an IP address"),
            ('"mtu": "1500"', "must be a whole number, not a string"),
            ('"mtu": 1.5', "must be a whole number, not a fraction"),
            ('"iptables": "false"', "must be true or false, not a string"),
            ('"ip": "banana"', "must be an IP address"),
            ('"labels": ["a", 1]', "must be a list of strings, not a list with a number in it"),
            ('"log-opts": {"max-file": 3}', "max-file must be a string, not a number"),
            ('"default-address-pools": {"base": "10.0.0.0/8"}', "must be a list of objects"),
            ('"hosts": {}', "must be a list of strings, not an object"),
        ],
    )
    def test_wrong_types(self, entry: str, error: str) -> None:
        (option,) = from_json("{" + entry + "}").facts.options
        assert error in option.type_error

    @pytest.mark.parametrize(
        "entry",
        [
            '"bip": null',
            '"ip": ""',
            '"dns": ["{{ dns }}"]',
            '"log-opts": {"max-file": "3"}',
            '"default-shm-size": "64M"',
            '"default-network-opts": {"bridge": {"com.docker.network.driver.mtu": "1450"}}',
        ],
    )
    def test_right_types(self, entry: str) -> None:
        (option,) = from_json("{" + entry + "}").facts.options
        assert (option.type_error, option.known) == ("", True)

    def test_unknown_keys(self) -> None:
        built = from_json('{"BIP": "10.0.0.1/8", "nosuch": 1}')
        assert [(option.known, option.suggestion) for option in built.facts.options] == [(False, "bip"), (False, "")]

    @pytest.mark.parametrize(("key", "suggestion"), [("dns-opt", "dns-opts"), ("http-proxy", "proxies")])
    def test_names_of_flags_are_accepted_and_ignored(self, key: str, suggestion: str) -> None:
        option = from_json(f'{{"{key}": "x"}}').one(key)
        assert (option.known, option.ignored, option.suggestion) == (True, True, suggestion)

    def test_the_last_of_equal_keys_holds(self) -> None:
        built = from_json('{"mtu": 1, "mtu": 2}')
        assert len(built.daemon.all("mtu")) == 2
        assert built.values() == {"mtu": 2}

    def test_releases(self) -> None:
        assert from_json('{"cluster-store": "etcd://10.0.0.1:2379"}').one("cluster-store").removed == (23, 0)

    @pytest.mark.parametrize("text", ["[]", "5"])
    def test_what_is_no_object(self, text: str) -> None:
        assert len(from_json(text).facts.unreadable) >= 1


class TestPools:
    def test_from_the_file(self) -> None:
        built = from_json('{"default-address-pools": [{"base": "10.9.0.0/16", "size": 24}, {"Base": "banana"}, 5]}')
        first, second = built.facts.pools or []
        assert (str(first.base), first.size and first.size.value) == ("10.9.0.0/16", 24)
        assert first.written is not None
        assert built.slice(first.written.span) == "10.9.0.0/16"
        assert (second.base, second.size, second.written and second.written.value) == (None, None, "banana")

    def test_from_flags(self) -> None:
        built = from_flags(
            "--default-address-pool base=10.9.0.0,size=24 --default-address-pool=size=20,base=10.8.0.0/16"
        )
        first, second = built.facts.pools or []
        assert first.base is None
        assert first.written is not None
        assert built.slice(first.written.span) == first.written.value == "10.9.0.0"
        assert (str(second.base), second.size and built.slice(second.size.span)) == ("10.8.0.0/16", "20")

    def test_none_and_an_empty_list_differ(self) -> None:
        assert from_json("{}").facts.pools is None
        assert from_json('{"default-address-pools": []}').facts.pools == []


class TestFlags:
    @pytest.mark.parametrize(
        ("flags", "name", "value", "name_text", "text"),
        [
            ("--bip=10.0.0.1/24", "bip", "10.0.0.1/24", "--bip", "10.0.0.1/24"),
            ("--bip 10.0.0.1/24", "bip", "10.0.0.1/24", "--bip", "10.0.0.1/24"),
            ('--bip="10.0.0.1/24"', "bip", "10.0.0.1/24", "--bip", "10.0.0.1/24"),
            ("-bip=10.0.0.1/24", "bip", "10.0.0.1/24", "-bip", "10.0.0.1/24"),
            ("-b br0", "bridge", "br0", "-b", "br0"),
            ("-b=none", "bridge", "none", "-b", "none"),
            ("-bbr0", "bridge", "br0", "-b", "br0"),
            ("-Dl debug", "log-level", "debug", "l", "debug"),
            ("--icc=false", "icc", False, "--icc", "false"),
            ("--tlsverify", "tlsverify", True, "--tlsverify", "--tlsverify"),
            ("--mtu 0x5dc", "mtu", 1500, "--mtu", "0x5dc"),
            ("--nosuch=1", "nosuch", "1", "--nosuch", "1"),
            ("--host=fd://", "hosts", ("fd://",), "--host", "fd://"),
        ],
    )
    def test_forms(self, flags: str, name: str, value: OptionValue, name_text: str, text: str) -> None:
        built = from_flags(flags)
        option = built.one(name)
        assert option.value == value
        assert type(option.value) is type(value)
        assert (built.slice(option.name_span), built.slice(option.span)) == (name_text, text)

    def test_repeated_list_flags_are_one_option(self) -> None:
        built = from_flags("-H fd:// --mtu 1 --host=tcp://0.0.0.0:2375 --mtu 2")
        assert built.one("hosts").value == ("fd://", "tcp://0.0.0.0:2375")
        assert [built.slice(item.span) for item in built.one("hosts").items] == ["fd://", "tcp://0.0.0.0:2375"]
        assert [option.value for option in built.daemon.all("mtu")] == [1, 2]

    @pytest.mark.parametrize(
        ("flags", "error"),
        [
            ("--mtu=banana", "must be a whole number"),
            ("--mtu=08", "must be a whole number"),
            ("--icc=maybe", "must be true or false"),
            ("--dns banana", "must be an IP address"),
            ("--bip", "--bip lacks its value"),
            ("--mtu=$MTU", ""),
            ("--ip={{ ip }}", ""),
        ],
    )
    def test_wrong_values(self, flags: str, error: str) -> None:
        (option,) = from_flags(flags).facts.options
        assert option.type_error == error

    def test_the_wrong_one_of_several_uses(self) -> None:
        built = from_flags("-H tcp://0.0.0.0:4243 -H")
        (option,) = built.facts.options
        assert option.type_error == "-H lacks its value"
        assert option.error_span is not None
        assert option.error_span.start == len("dockerd -H tcp://0.0.0.0:4243 ")

    @pytest.mark.parametrize(("flags", "exact"), [("--bip=$NET", False), ("--bip=<ip>/24", False), ("--bip=x", True)])
    def test_variables_and_marks(self, flags: str, exact: bool) -> None:
        assert from_flags(flags).one("bip").exact is exact

    def test_unknown_flags(self) -> None:
        built = from_flags("--nosuch thing --iptable=false --\N{EN DASH}x \N{EN DASH}bip=10.0.0.1/8")
        known = [(option.name, option.known, option.suggestion) for option in built.facts.options]
        assert known[:2] == [("nosuch", False, ""), ("iptable", False, "iptables")]
        assert known[-1] == ("bip", False, "bip")

    def test_red_hats_flags_are_known(self) -> None:
        assert from_flags("--signature-verification=false").one("signature-verification").known


class TestDefaultBridge:
    def test_from_bip(self) -> None:
        built = from_json(
            '{"bip": "10.1.0.5/24", "fixed-cidr": "10.1.0.128/25", "default-gateway": "10.1.0.254", "ip-masq": false}'
        )
        (network,) = built.facts.networks
        (subnet,) = network.subnets
        assert (network.name, network.default_bridge, network.bridge) == ("bridge", True, "docker0")
        assert (str(subnet.prefix), subnet.written.value) == ("10.1.0.0/24", "10.1.0.5/24")
        assert subnet.gateway is not None
        assert str(subnet.gateway.value) == "10.1.0.5"
        assert subnet.ip_range is not None
        assert str(subnet.ip_range.value) == "10.1.0.128/25"
        assert [(name, str(address.value)) for name, address in subnet.reserved] == [
            ("DefaultGatewayIPv4", "10.1.0.254")
        ]
        assert not network.masquerades

    @pytest.mark.parametrize(
        ("text", "prefixes"),
        [
            ('{"bip": "10.1.0.1"}', []),
            ('{"bip": "banana/24"}', []),
            ('{"bip": "$NET/24"}', []),
            ('{"bip": 5}', []),
            ('{"bip": "10.1.0.1/24", "bridge": "none"}', []),
            ('{"bip": "10.1.0.1/24", "bridge": ""}', ["10.1.0.0/24"]),
            ('{"bip": "10.1.0.1/24", "fixed-cidr-v6": "fd00:1::/64"}', ["10.1.0.0/24"]),
            ('{"ipv6": true, "fixed-cidr-v6": "fd00:1::/64"}', ["fd00:1::/64"]),
            (
                '{"bip": "10.1.0.1/24", "ipv6": true, "bip6": "fd00:2::1/64", "fixed-cidr-v6": "fd00:2::/80"}',
                ["10.1.0.0/24", "fd00:2::/64"],
            ),
        ],
    )
    def test_subnets(self, text: str, prefixes: list[str]) -> None:
        networks = from_json(text).facts.networks
        assert [str(subnet.prefix) for network in networks for subnet in network.subnets] == prefixes

    def test_from_flags(self) -> None:
        (network,) = from_flags("--bip=10.1.0.1/24 --mtu 1400").facts.networks
        mtu = network.option("com.docker.network.driver.mtu")
        assert mtu is not None
        assert mtu.value == "1400"


def test_files_are_listed_by_their_first_line() -> None:
    built = from_host(json='\n{ "mtu": 1 }\n', unit=UNIT, defaults="\n")
    assert [built.slice(span) for span in built.facts.daemon_files] == ['{ "mtu": 1 }', "[Service]", ""]


@settings(max_examples=150, deadline=None)
@given(
    st.text(alphabet='{}[]":,-=\\ \nbipdns$"1', max_size=40),
    st.text(alphabet="-=bDH \"'\\$\n{}%\N{EN DASH}01x,", max_size=40),
)
def test_never_raises_and_places_lie_in_their_files(text: str, flags: str) -> None:
    built = from_host(
        json='{"bip":' + text,
        unit=f"[Service]\nEnvironmentFile=/etc/default/docker\nExecStart=dockerd {flags} $A ${{A}}\n",
        defaults=f"A={flags}",
    )
    spans = [span for option in built.facts.options for span in (option.span, option.name_span)]
    for span in spans:
        assert 0 <= span.start <= span.end <= len(built.sources[span.source].text)


def corpus() -> list[tuple[str, str]]:
    index = SHARED / "corpus/daemon.jsonl"
    if not index.is_file():
        return []
    entries = [json.loads(line) for line in index.read_text().splitlines()]
    return [(entry["file"], entry["kind"]) for entry in entries if entry["kind"].endswith("daemon.json")]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the corpus of real files is not beside the project")
def test_real_files_have_no_unknown_option() -> None:
    files = corpus()
    assert len(files) > 30
    for name, _ in files:
        built = from_json((SHARED / "corpus" / name).read_text(errors="replace"))
        odd = [option.name for option in built.facts.options if not option.known or option.ignored or option.type_error]
        assert odd == [], name
