"""Hosts and their networks as SVG: a box a host, in it published ports, services, networks and links, left to right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from msgspec import Struct

from netlint.report.drawing import Drawing, Edge, Node
from netlint.report.terminal import width

_COLUMNS = {"port": 0, "service": 1, "network": 2, "interface": 3, "claim": 3, "more": 3, "link": 4}
_WIDEST = 30  # characters of a line in a box
_CHARACTER, _LINE, _PADDING, _GAP, _SPACE = 7.4, 16, 8, 12, 56  # units: of the drawing, which are pixels on a screen


class _Box(Struct, frozen=True):
    left: float
    top: float
    width: float
    height: float
    column: int

    @property
    def middle(self) -> float:
        return self.top + self.height / 2


def svg(drawing: Drawing) -> str:
    """The drawing as an `<svg>` element without any style of its own; all text in it is escaped."""
    sizes = _column_widths([*(node for group in drawing.groups for node in group.nodes), *drawing.between])
    lefts, at = {}, float(_PADDING)
    for column in sorted(sizes):
        lefts[column] = at
        at += sizes[column] + _SPACE
    right = at - _SPACE + _PADDING
    inner = lefts[4] - _SPACE + _PADDING if 4 in lefts else right  # links between hosts lie outside of their boxes
    boxes: dict[str, _Box] = {}
    frames: list[str] = []
    top = 1.0
    for group in drawing.groups:
        right = max(right, len(group.title) * _CHARACTER + 3 * _PADDING)
        bottom = _place(group.nodes, top + _LINE + _GAP, lefts, sizes, boxes)
        height = bottom - top
        frames.append(f'<rect class="host" x="1" y="{top:g}" width="{inner:g}" height="{height:g}" rx="6"/>')
        frames.append(_text("title", _PADDING, top + _LINE, group.title))
        top = bottom + _GAP
    top = max(top, _place(drawing.between, _GAP, lefts, sizes, boxes))
    clashes = {end for edge in drawing.edges if edge.clash for end in (edge.start, edge.end)}
    lines = [_edge(edge, boxes) for edge in drawing.edges if edge.start in boxes and edge.end in boxes]
    nodes = [node for group in drawing.groups for node in group.nodes] + drawing.between
    shapes = [part for node in nodes for part in _node(node, boxes[node.id], node.id in clashes)]
    size = f'width="{right + 2:.0f}" height="{top:.0f}" viewBox="0 0 {right + 2:.0f} {top:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="Hosts and networks" {size}>'
        + "".join([*frames, *lines, *shapes])
        + "</svg>"
    )


def _column_widths(nodes: list[Node]) -> dict[int, float]:
    """The width of each column that has a node."""
    found: dict[int, float] = {}
    for node in nodes:
        column = _COLUMNS[node.kind]
        longest = max((width(_short(line)) for line in node.lines), default=1)
        found[column] = max(found.get(column, 0), longest * _CHARACTER + 2 * _PADDING)
    return found


def _place(
    nodes: list[Node], top: float, lefts: Mapping[int, float], sizes: Mapping[int, float], boxes: dict[str, _Box]
) -> float:
    """Stack the nodes in their columns from `top` down; returns where the longest column ends."""
    ends: dict[int, float] = {}
    for node in nodes:
        column = _COLUMNS[node.kind]
        at = ends.get(column, top)
        height = max(1, len(node.lines)) * _LINE + _PADDING
        boxes[node.id] = _Box(lefts[column], at, sizes[column], height, column)
        ends[column] = at + height + _GAP
    return max(ends.values(), default=top)


def _node(node: Node, box: _Box, clash: bool) -> Iterator[str]:
    style = "node clash" if clash else "node"
    round_ = {"service": 12, "interface": 8}.get(node.kind, 2)
    yield f'<rect class="{style}" x="{box.left:g}" y="{box.top:g}" width="{box.width:g}" height="{box.height:g}"'
    yield f' rx="{round_}"/>'
    for number, line in enumerate(node.lines):
        about = "faint" if number else "name"
        yield _text(about, box.left + _PADDING, box.top + _LINE * (number + 1) - 1, _short(line), line)


def _edge(edge: Edge, boxes: Mapping[str, _Box]) -> str:
    one, other = sorted((boxes[edge.start], boxes[edge.end]), key=lambda box: box.column)
    style = ' class="clash"' if edge.clash else ""
    start = one.left + one.width
    bend = start + _SPACE / 2
    end = other.left + (other.width if one.column == other.column else 0)  # of a column: round its right side
    way = f"M{start:g} {one.middle:g}C{bend:g} {one.middle:g} {bend:g} {other.middle:g} {end:g} {other.middle:g}"
    title = f"<title>{escape(edge.text)}</title>" if edge.text else ""
    return f'<path{style} d="{way}">{title}</path>'


def _text(style: str, left: float, top: float, text: str, whole: str = "") -> str:
    title = f"<title>{escape(whole)}</title>" if whole and whole != text else ""
    return f'<text class="{style}" x="{left:g}" y="{top:g}">{escape(text)}{title}</text>'


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
