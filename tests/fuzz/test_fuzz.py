"""No input makes netlint raise, point outside a file or take long; the long run is `python -m tests.fuzz.long`."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.decode import decode
from netlint.formats import FORMATS
from tests.fuzz.mutate import mutated, reduced
from tests.fuzz.properties import bytes_hold, expression_holds, parser_holds, run_holds
from tests.fuzz.samples import hosts, samples

PARSED = [name for name, known in FORMATS.items() if known.parser]
SEEDS = st.integers(0, 2**32)


@pytest.mark.parametrize("format", PARSED)
@settings(max_examples=25)
@given(seed=SEEDS)
def test_nearly_right_text(format: str, seed: int) -> None:
    parser_holds(format, mutated(Random(seed), samples()[format]))


@pytest.mark.parametrize("format", PARSED)
@settings(max_examples=15)
@given(text=st.text(max_size=200))
def test_any_text(format: str, text: str) -> None:
    parser_holds(format, text)


@pytest.mark.parametrize("format", PARSED)
@settings(max_examples=15)
@given(data=st.binary(max_size=200))
def test_any_bytes(format: str, data: bytes) -> None:
    bytes_hold(data)
    text = decode(data)
    if text is not None:
        parser_holds(format, text)


@given(text=st.text(alphabet="${}:-?+aA_1. \\'\"\n", max_size=60) | st.text(max_size=60))
def test_expressions(text: str) -> None:
    expression_holds(text)


@settings(max_examples=40)
@given(seed=SEEDS)
def test_hosts_and_repositories(seed: int) -> None:
    random = Random(seed)
    folder = random.choice(hosts())
    changed = random.sample(sorted(folder), min(len(folder), random.choice((1, 1, 2, 4))))
    files = dict(folder)
    for path in changed:
        name, text = files[path]
        files[path] = (name, mutated(random, [text, text, *samples().get(name, [text])], most=20_000))
    run_holds(files)


def test_a_bridge_whose_address_cannot_be_read() -> None:
    """A packet to it comes from its own address; it is found on no host, and nothing answers."""
    daemon = '{"cluster-store": "etcd://172.17.0.1:2379", "cluster-advertise": "192.168.10.1:2376"}'
    up = "<BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP"
    links = (
        f"3: docker0: {up}\n    inet 172.17.0.1/16/24 scope global docker0\n"
        f"4: br-3c85620f7ed1: {up}\n    inet 172.18.0.1/16 scope global br-3c85620f7ed1\n"
    )
    run_holds({"hostA/daemon.json": ("daemon-json", daemon), "hostA/ip-addr.txt": ("ip-addr", links)})


def test_reduced() -> None:
    text = "".join(f"line {number}\n" for number in range(50))
    assert reduced(text, lambda one: "7" in one and "31" in one) in ("731", "731\n", "317", "7\n31")
