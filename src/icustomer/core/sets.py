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
