"""Changes as edits: each kind in block style, flow style and JSON, with the rest of the text as it was."""

import pytest

from netlint.finding import Add, Change, Edit, Fix, Join, Nest, Remove
from netlint.fix.layout import UnfitError
from netlint.fix.resolve import applied
from netlint.fix.trees import layout
from netlint.fix.verify import changed
from netlint.source import Source, Span

Changes = tuple[str, str, str]  # what the change is, the text before, the text after


def at(text: str, part: str, number: int = 0) -> Span:
    """The place of `part` in the text, of the first or a later one."""
    start = -1
    for _ in range(number + 1):
        start = text.index(part, start + 1)
    return Span("f", start, start + len(part))


def made(text: str, change: Change, format: str = "compose") -> str:
    """The text after the change, which the trees confirm."""
    source = Source("f", text)
    edits = layout(source, format).edits(change)
    after = applied(text, sorted(edits, key=lambda edit: edit.span.start))
    changed(source, after, format, [Fix(title="", changes=(change,))])
    return after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a:\n  x: 1\n  y: 2 # why\n  z: 3\n", "a:\n  x: 1\n  z: 3\n"),
        ("a:\n  x: 1\n  y:\n    - 2\n    # inside\n    - 3\nz: 3\n", "a:\n  x: 1\nz: 3\n"),
        ("a:\r\n  x: 1\r\n  y: 2\r\n", "a:\r\n  x: 1\r\n"),
        ("a:\n  x: 1\n  y: 2", "a:\n  x: 1"),
        ("a:\n  - y: 2\n    z: 3\n", "a:\n  - z: 3\n"),
        ("a: {x: 1, y: 2, z: 3}\n", "a: {x: 1, z: 3}\n"),
        ("a: {x: 1, y: 2}\n", "a: {x: 1}\n"),
        ("a: {y: 2}\n", "a: {}\n"),
        ("a: {x: [1],\n    y: 2,\n    z: 3}\n", "a: {x: [1],\n    z: 3}\n"),
        ("a:\n  x: |\n    text\n  y: |\n    more\n\n  z: 1\n", "a:\n  x: |\n    text\n\n  z: 1\n"),
    ],
)
def test_entry_taken_out(before: str, after: str) -> None:
    assert made(before, Remove(at(before, "y"))) == after


@pytest.mark.parametrize("before", ["a:\n  y: 2\n", "y: 2\n", "- y: 2\n- z: 3\n", "b: &b {y: 2}\na: {<<: *b, z: 1}\n"])
def test_entry_that_cannot_be_taken_out(before: str) -> None:
    with pytest.raises(UnfitError):
        made(before, Remove(at(before, "y")))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{\n  "x": 1,\n  "y": [2],\n  "z": 3\n}\n', '{\n  "x": 1,\n  "z": 3\n}\n'),
        ('{\n  "x": 1,\n  "y": [2]\n}\n', '{\n  "x": 1\n}\n'),
        ('{\n  "y": [2],\n  "x": 1\n}', '{\n  "x": 1\n}'),
        ('{"y": 1}', "{}"),
    ],
)
def test_entry_taken_out_of_json(before: str, after: str) -> None:
    assert made(before, Remove(at(before, '"y"')), "daemon-json") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a:\n  - x\n  - item # why\n  - z\n", "a:\n  - x\n  - z\n"),
        ("a: [x, item, z]\n", "a: [x, z]\n"),
        ("a: [x, item]\n", "a: [x]\n"),
    ],
)
def test_item_taken_out(before: str, after: str) -> None:
    assert made(before, Remove(at(before, "item"))) == after


def test_repeat_taken_out_where_it_says_the_same() -> None:
    same = "a:\n  y: [1, 2]\n  x: 3\n  y:\n    - 1\n    - 2\n"
    assert made(same, Remove(at(same, "y", 1), twin=at(same, "y"))) == "a:\n  y: [1, 2]\n  x: 3\n"
    other = same.replace("- 2", "- 3")
    with pytest.raises(UnfitError, match="differ"):
        made(other, Remove(at(other, "y", 1), twin=at(other, "y")))


@pytest.mark.parametrize(
    ("before", "path", "value", "after"),
    [
        ("a:\n  x: 1 # one\nb: 2\n", ("y",), True, "a:\n  x: 1 # one\n  y: true\nb: 2\n"),
        ("a:\n    x: 1", ("y",), "eth0:2376", 'a:\n    x: 1\n    y: "eth0:2376"'),
        ("a:\n  x: 1\n", ("y", "z"), ("p", "q"), 'a:\n  x: 1\n  y:\n    z: ["p", "q"]\n'),
        ("a:\n  x:\n    - p\n", ("x",), ("q",), 'a:\n  x:\n    - p\n    - "q"\n'),
        ("a:\n  x: [p]\n", ("x",), ("q",), 'a:\n  x: [p, "q"]\n'),
        ("a:\n  x: []\n", ("x",), ("q",), 'a:\n  x: ["q"]\n'),
        ("a:\nb: 1\n", ("y",), True, "a:\n  y: true\nb: 1\n"),
        ("a: # empty\nb: 1\n", ("y",), True, "a: # empty\n  y: true\nb: 1\n"),
        ("a: {}\n", ("y",), 3, "a: {y: 3}\n"),
        ("a: {x: 1}\n", ("y", "z"), "word", "a: {x: 1, y: {z: word}}\n"),
        ("a:\r\n  x: 1\r\n", ("y",), None, "a:\r\n  x: 1\r\n  y:\r\n"),
    ],
)
def test_entry_put_in(before: str, path: tuple[str, ...], value: bool, after: str) -> None:
    assert made(before, Add(at(before, "a"), path, value)) == after


@pytest.mark.parametrize(
    ("before", "path"),
    [("a:\n  y: 1\n", ("y",)), ("a: 3\n", ("y",)), ("b: &b {}\na: *b\n", ("y",)), ("a:\n  y: 1\n", ("y", "z"))],
)
def test_entry_that_cannot_be_put_in(before: str, path: tuple[str, ...]) -> None:
    with pytest.raises(UnfitError):
        made(before, Add(at(before, "a"), path, True))


def test_entry_put_beside_another() -> None:
    before = '{\n\t"x": "s",\n\t"z": 1\n}\n'
    change = Add(at(before, '"x"'), ("y",), "eth0:2376", beside=True)
    assert made(before, change, "daemon-json") == '{\n\t"x": "s",\n\t"y": "eth0:2376",\n\t"z": 1\n}\n'
    assert made('{"x": 1}', Add(at('{"x": 1}', '"x"'), ("y",), 2, beside=True), "daemon-json") == '{"x": 1, "y": 2}'
    long = "ports:\n  - target: 80\n    published: 8080 # here\n"
    change = Add(at(long, "8080"), ("host_ip",), "::1", beside=True)
    assert made(long, change) == long + '    host_ip: "::1"\n'


def test_entry_put_at_the_top() -> None:
    top = Span("f", 0, 0)
    assert made("a: 1\n", Add(top, ("networks", "x"), None)) == "a: 1\nnetworks:\n  x:\n"
    before = "a: 1\nnetworks:\n    y: {}\nb: 2\n"
    assert made(before, Add(top, ("networks", "x"), None)) == "a: 1\nnetworks:\n    y: {}\n    x:\nb: 2\n"


NESTED = "front:\n  ipam:\n    config:\n      - subnet: 10.0.0.0/24 # mine\n        gateway: 10.0.0.1\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("front:\n  subnet: 10.0.0.0/24 # mine\n  gateway: 10.0.0.1\n", NESTED),
        ("front:\n  subnet: 10.0.0.0/24 # mine\n  gateway: 10.0.0.1", NESTED),
        (
            "front:\n  subnet: 10.0.0.0/24 # mine\n  driver: bridge\n  gateway: 10.0.0.1\n",
            f"{NESTED}  driver: bridge\n",
        ),
        (
            "front:\n  ipam:\n    driver: default\n  subnet: 10.0.0.0/24 # mine\n  gateway: 10.0.0.1\n",
            NESTED.replace("ipam:\n", "ipam:\n    driver: default\n"),
        ),
        (
            "front: {subnet: 10.0.0.0/24, gateway: 10.0.0.1, driver: x}\n",
            "front: {ipam: {config: [{subnet: 10.0.0.0/24, gateway: 10.0.0.1}]}, driver: x}\n",
        ),
    ],
)
def test_entries_moved_into_a_list(before: str, after: str) -> None:
    assert made(before, Nest((at(before, "subnet"), at(before, "gateway")), ("ipam", "config"))) == after


def test_longer_entries_are_moved_whole() -> None:
    before = "ipam:\n    subnet: 10.0.0.0/24\n    aux_addresses:\n        # the host\n        host: 10.0.0.2\n"
    after = (
        "ipam:\n    config:\n        - subnet: 10.0.0.0/24\n          aux_addresses:\n"
        "              # the host\n              host: 10.0.0.2\n"
    )
    assert made(before, Nest((at(before, "subnet"), at(before, "aux_addresses")), ("config",))) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a:\n  - subnet: s\n  - gateway: g\n    x: 1\n", "a:\n  - subnet: s\n    gateway: g\n    x: 1\n"),
        ("a:\n- subnet: s\n# why\n- gateway: g\n", "a:\n- subnet: s\n# why\n  gateway: g\n"),
        ("a: [{subnet: s}, {gateway: g}]\n", "a: [{subnet: s, gateway: g}]\n"),
    ],
)
def test_items_joined(before: str, after: str) -> None:
    assert made(before, Join(at(before, "gateway"))) == after


def test_items_that_cannot_be_joined() -> None:
    for before in ("a:\n  - gateway: g\n", "a:\n  - {subnet: s}\n  - gateway: g\n", "a:\n  - s\n  - gateway: g\n"):
        with pytest.raises(UnfitError):
            made(before, Join(at(before, "gateway")))


def test_value_replaced_only_where_it_stands() -> None:
    before = "a: '10.0.0.5/24'\nb: 10.0.0.5/24\n"
    assert made(before, Edit(at(before, "10.0.0.5/24"), "10.0.0.0/24", old="10.0.0.5/24")).startswith(
        "a: '10.0.0.0/24'"
    )
    with pytest.raises(UnfitError):
        made(before, Edit(Span("f", 0, 1), "x", old="b"))


def test_more_change_than_meant_is_refused() -> None:
    source = Source("f", "a: 1\nb: &b [1]\nc: *b\n")
    with pytest.raises(UnfitError, match=r"more would change than meant: b\[0\]"):
        changed(
            source, "a: 2\nb: &b [2]\nc: *b\n", "compose", [Fix(title="", changes=(Edit(at(source.text, "1"), "2"),))]
        )
    shared = Edit(at(source.text, "1", 1), "2")
    with pytest.raises(UnfitError, match="anchor"):
        changed(source, "a: 1\nb: &b [2]\nc: *b\n", "compose", [Fix(title="", changes=(shared,))])
    assert changed(source, "a: 1\nb: &b [2]\nc: *b\n", "compose", [Fix(title="", changes=(shared,), safe=True)]) == [
        ("b[0]", "1", "2"),
        ("c[0]", "1", "2"),
    ]
