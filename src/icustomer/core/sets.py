"""Disjoint sets: what is connected, directly or through others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

Node = TypeVar("Node", bound=Hashable)


class DisjointSets(Generic[Node]):
    """Union-find with path halving (Tarjan and van Leeuwen, 1984). Nodes join when named."""

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        self._parent: dict[Node, Node] = {node: node for node in nodes}

    def find(self, node: Node) -> Node:
        """The representative of the node's set."""
        parent = self._parent
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def union(self, one: Node, other: Node) -> None:
        """Make the sets of two nodes one."""
        self._parent[self.find(other)] = self.find(one)

    def sets(self) -> list[list[Node]]:
        """All sets; nodes and sets in the order in which they were first named."""
        members: dict[Node, list[Node]] = defaultdict(list)
        for node in self._parent:
            members[self.find(node)].append(node)
        return list(members.values())


class Joined:
    """The same for the numbers from 0: what a batch is parted by."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def find(self, number: int) -> int:
        """The representative of the number's set: its smallest."""
        parent = self._parent
        while parent[number] != number:
            parent[number] = number = parent[parent[number]]
        return number

    def union(self, one: int, other: int) -> None:
        """Make the sets of two numbers one."""
        if one != other:
            first, second = self.find(one), self.find(other)
            if first != second:
                self._parent[max(first, second)] = min(first, second)

    def sets(self) -> list[list[int]]:
        """All sets, by their smallest number, each in order."""
        members: dict[int, list[int]] = {}
        for number in range(len(self._parent)):
            members.setdefault(self.find(number), []).append(number)
        return list(members.values())
