"""Which column a node of a figure stands in, and how the nodes of a column follow each other.

A tree grows from its longest path to both sides, so a star has its hosts left and right. Where there are circles, the
columns are the distances from a node: the one for which the figure comes nearest to the shape of a slide.
"""

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from itertools import pairwise

_MOST_STARTS = 40  # of large graphs not every node is tried
_SHAPE = 1.6  # columns are about that much wider than a node is high, in a figure of 16 by 9
_SWEEPS = 7

Beside = Mapping[str, Sequence[str]]


def components(names: Sequence[str], beside: Beside) -> list[list[str]]:
    """The parts that hang together, each in the order of the names."""
    left, found = dict.fromkeys(names), []
    for name in names:
        if name in left:
            part = set(_distances(name, beside))
            found.append([each for each in names if each in part])
            for each in part:
                left.pop(each, None)
    return found


def ranks(names: Sequence[str], beside: Beside) -> list[list[str]]:
    """The columns of one such part, from the left."""
    edges = sum(len(set(beside[name])) for name in names) // 2
    columns = _tree(names, beside) if edges == len(names) - 1 else _circles(names, beside)
    return _ordered([column for column in columns if column], beside)


def _distances(start: str, beside: Beside) -> dict[str, int]:
    found = {start: 0}
    queue = [start]
    for name in queue:
        for other in beside[name]:
            if other not in found:
                found[other] = found[name] + 1
                queue.append(other)
    return found


def _tree(names: Sequence[str], beside: Beside) -> list[list[str]]:
    one = _distances(names[0], beside)
    end = max(names, key=lambda name: one[name])
    there = _distances(end, beside)
    other = max(names, key=lambda name: there[name])
    back = _distances(other, beside)
    length = there[other]
    spine = {name: there[name] for name in names if there[name] + back[name] == length}
    column = dict(spine)
    count = [0] * (length + 1)
    for at in column.values():
        count[at] += 1
    for root, at in sorted(spine.items(), key=lambda each: each[1]):
        for branch in beside[root]:
            if branch in column:
                continue
            depths = _branch(branch, root, beside)
            side = 1 if 2 * at > length or (2 * at == length and _crowd(count, at, 1, depths)) else -1
            for name, depth in depths.items():
                column[name] = at + side * depth
                count[column[name]] += 1
    if names.index(end) > names.index(other):
        column = {name: length - at for name, at in column.items()}
    return [[name for name in names if column[name] == at] for at in range(length + 1)]


def _branch(start: str, root: str, beside: Beside) -> dict[str, int]:
    """All that hangs on `root` by `start`, with its depth from there, from 1."""
    found = {root: 0, start: 1}
    queue = [start]
    for name in queue:
        for other in beside[name]:
            if other not in found:
                found[other] = found[name] + 1
                queue.append(other)
    del found[root]
    return found


def _crowd(count: list[int], at: int, side: int, depths: Mapping[str, int]) -> bool:
    """In the middle of the spine: whether there is more room on that side."""
    here, there = (max(count[at + way * depth] for depth in depths.values()) for way in (side, -side))
    return here <= there


def _circles(names: Sequence[str], beside: Beside) -> list[list[str]]:
    best: list[list[str]] = []
    for start in names[:_MOST_STARTS]:
        distance = _distances(start, beside)
        found = [[name for name in names if distance[name] == at] for at in range(max(distance.values()) + 1)]
        if not best or _cost(found) < _cost(best):
            best = found
    return best


def _cost(columns: Sequence[Sequence[str]]) -> float:
    return max(_SHAPE * len(columns), max(map(len, columns)))


def _ordered(columns: list[list[str]], beside: Beside) -> list[list[str]]:
    """Each node near the middle of those that it is linked to, in the order of their links: fewer wires cross."""
    best = (_crossings(columns, beside), [list(column) for column in columns])
    for sweep in range(_SWEEPS):
        forth = sweep % 2 == 0
        order = range(1, len(columns)) if forth else range(len(columns) - 2, -1, -1)
        for at in order:
            near = columns[at - 1 if forth else at + 1]
            place = {name: number for number, name in enumerate(near)}
            weight = {name: _middle(name, number, place, beside) for number, name in enumerate(columns[at])}
            columns[at] = sorted(columns[at], key=weight.__getitem__)
        if (found := _crossings(columns, beside)) < best[0]:
            best = (found, [list(column) for column in columns])
    return best[1]


def _crossings(columns: Sequence[Sequence[str]], beside: Beside) -> int:
    """How many wires between neighbouring columns cross, counted as inversions."""
    count = 0
    for left, right in pairwise(columns):
        place = {name: number for number, name in enumerate(right)}
        seen: list[float] = []
        for name in left:
            ends = [place[other] + _port(other, name, beside) for other in beside[name] if other in place]
            count += sum(len(seen) - bisect_right(seen, end) for end in ends)
            count += sum(one > other for at, one in enumerate(ends) for other in ends[at + 1 :])
            for end in ends:
                insort(seen, end)
    return count


def _port(node: str, to: str, beside: Beside) -> float:
    """Where at a node the link to that other one is, from 0 at the top to 1."""
    return beside[node].index(to) / len(beside[node])


def _middle(name: str, number: int, place: Mapping[str, int], beside: Beside) -> float:
    found = [place[other] + _port(other, name, beside) for other in beside[name] if other in place]
    return sum(found) / len(found) if found else number
