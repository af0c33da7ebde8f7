"""i* dependency networks in files: YAML, GraphML and networkx graphs.

A network file lists dependencies with the keys of `Dependency`::

    coopsim: 1
    actors: [Apple, major developer]
    dependencies:
      - {depender: major developer, dependee: Apple, dependum: distribution, type: goal,
         importance: 0.40, criticality: 0.95}

The same list stands under `interdependence` in a game file: `as_parameter` writes it.
Source: TR-1, arXiv:2510.18802, section 4 and equation 1; i*: Yu (1995).
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from annotated_types import MinLen

from coopsim import budget, parameters, yamlfile
from coopsim.arrays import Float
from coopsim.errors import UserError, nearest
from coopsim.games.coopetition.dependence import Denominator, Dependency, interdependence
from coopsim.parameters import Parameters

if TYPE_CHECKING:
    import networkx

MAX_BYTES = 20_000_000
"""The largest GraphML file that is read; as objects it takes thirty times that."""

FORMAT = 1
"""The version of the file format (`coopsim: 1`)."""


@dataclass(frozen=True, slots=True)
class Network(Parameters):
    """Actors and what they depend on one another for."""

    dependencies: Annotated[tuple[Dependency, ...], MinLen(1)]
    """the dependencies"""
    actors: tuple[str, ...] = ()
    """every actor's name, in order; in order of appearance where not given"""
    title: str = ""
    """what the network shows"""

    def __post_init__(self) -> None:
        """Fill in the actors; refuse names that are none."""
        if not self.actors:
            found = [name for item in self.dependencies for name in (item.depender, item.dependee)]
            object.__setattr__(self, "actors", tuple(dict.fromkeys(found)))
        known = set(self.actors)
        for place, item in enumerate(self.dependencies):
            for role in ("depender", "dependee"):
                name = getattr(item, role)
                if name not in known:
                    raise _at(
                        "not an actor", ("dependencies", place, role), name, list(self.actors)
                    )
            if item.depender == item.dependee:
                raise _at(
                    "an actor cannot depend on itself",
                    ("dependencies", place, "dependee"), item.dependee, None,
                )  # fmt: skip
        for place, name in enumerate(self.actors):
            if name in known:
                known.remove(name)
            else:
                raise _at("is there twice", ("actors", place), name, "each actor once")

    def matrix(self, denominator: Denominator = "partner") -> Float:
        """D `[n, n]`; see `interdependence`. Raises `UserError` where it does not fit."""
        n = len(self.actors)
        budget.require(3 * 8 * n**2, f"what {n:,} actors depend on one another", key="actors")
        return interdependence(self.dependencies, self.actors, denominator)

    def as_parameter(self) -> list[dict[str, Any]]:
        """The dependencies as plain data, for `interdependence` in a game file."""
        return [parameters.dump(item) for item in self.dependencies]

    def weighted(self, depender: str, weights: Float) -> Network:
        """The same network with the importances of one depender's dependencies replaced.

        Args:
            depender: whose.
            weights: one for each of its dependencies, in order, as from `ahp.weights`.
        """
        own = [k for k, item in enumerate(self.dependencies) if item.depender == depender]
        if len(own) != len(weights):
            raise UserError(
                f"{depender} has {len(own)} dependencies", key="weights", given=len(weights)
            )
        given = dict(zip(own, (float(value) for value in weights), strict=True))
        items = tuple(
            replace(item, importance=given.get(k, item.importance))
            for k, item in enumerate(self.dependencies)
        )
        return replace(self, dependencies=items)


def from_matrix(d: Float, actors: tuple[str, ...], title: str = "") -> Network:
    """A network with one goal a link, whose matrix is `d` `[n, n]` (partner denominator)."""
    items = [
        Dependency(actors[i], actors[j], criticality=float(d[i, j]))
        for i, j in np.argwhere(np.asarray(d) > 0)
    ]
    return Network(tuple(items), actors, title)


def to_graph(network: Network) -> networkx.MultiDiGraph:
    """As a graph: actors are nodes, an edge leads from depender to dependee.

    Edges of a graph are gathered by depender, so other orders are not kept.
    """
    import networkx as nx

    graph = nx.MultiDiGraph(title=network.title)
    graph.add_nodes_from(network.actors)
    for item in network.dependencies:
        rest = parameters.dump(item)
        graph.add_edge(rest.pop("depender"), rest.pop("dependee"), **rest)
    return graph


def from_graph(graph: networkx.MultiDiGraph) -> Network:
    """From a graph as `to_graph` makes it. Raises `UserError` naming the edge at fault."""
    if not graph.is_directed():
        raise UserError(
            "edges have no direction, so nobody can tell who depends on whom",
            key="graph",
            given=type(graph).__name__,
            allowed="a MultiDiGraph or DiGraph, from depender to dependee",
        )
    edges = [
        {**data, "depender": str(start), "dependee": str(end)}
        for start, end, data in graph.edges(data=True)
    ]
    actors, title = [str(node) for node in graph.nodes], str(graph.graph.get("title", ""))
    return parameters.build(Network, {"dependencies": edges, "actors": actors, "title": title})


def read(path: str | Path) -> Network:
    """Read a network file, `.yaml`, `.yml` or `.graphml`.

    Raises:
        UserError: file, line and key of what cannot be used, what was given and what is
            allowed.
    """
    found: Network = _by_suffix(path, {".graphml": _read_graphml}, _read_yaml)(Path(path))
    return found


def write(network: Network, path: str | Path) -> None:
    """Write a network file; the suffix says which kind. Raises `UserError`."""
    _by_suffix(path, {".graphml": _write_graphml}, _write_yaml)(network, Path(path))


def dump(network: Network) -> str:
    """The network as the text of a YAML file."""
    return yamlfile.dump({"coopsim": FORMAT, **parameters.dump(network)})


def _by_suffix(
    path: str | Path, table: dict[str, Callable[..., Any]], yaml: Callable[..., Any]
) -> Callable[..., Any]:
    known = {".yaml": yaml, ".yml": yaml, **table}
    suffix = Path(path).suffix
    if suffix not in known:
        raise UserError("not a network file", file=str(path), allowed=list(known))
    return known[suffix]


def _read_yaml(path: Path) -> Network:
    document = yamlfile.read(path)
    data = dict(document.data)
    version = data.pop("coopsim", None)
    if version != FORMAT:
        raise document.error(
            "missing" if version is None else "another version of the format",
            ("coopsim",), given=version, allowed=str(FORMAT),
        )  # fmt: skip
    try:
        return parameters.build(Network, data)
    except UserError as error:
        where = getattr(error, "path", ()) or tuple((error.key or "").split("."))
        raise error.at(file=document.file, line=document.line(where)) from None


def _write_yaml(network: Network, path: Path) -> None:
    path.write_text(dump(network), encoding="utf-8")


def _read_graphml(path: Path) -> Network:
    import xml.etree.ElementTree as tree

    import networkx as nx

    size = _size_of(path)
    if size > MAX_BYTES:
        raise UserError(
            "too large for a network file",
            file=str(path),
            given=f"{size:,} bytes",
            allowed=f"at most {MAX_BYTES:,} bytes",
        )
    try:
        # two edges between the same actors make a graph a multigraph, one does not
        graph = nx.read_graphml(path, force_multigraph=True)
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", file=str(path)) from None
    except tree.ParseError as error:
        raise UserError(f"not GraphML: {error}", file=str(path), line=error.position[0]) from None
    except Exception as error:  # whatever a reader of somebody else's files comes upon
        problem = f"not GraphML: {type(error).__name__}: {error}"
        raise UserError(problem, file=str(path)) from None
    if not graph.is_directed():
        raise UserError("edges have no direction", file=str(path), allowed="a directed graph")
    for *_, data in graph.edges(keys=True, data=True):
        data.pop("id", None)
    try:
        return from_graph(graph)
    except UserError as error:
        raise error.at(file=str(path)) from None


def _size_of(path: Path) -> int:
    """The bytes of a file. Raises `UserError` where there is none that could be read."""
    try:
        found = path.stat()
    except FileNotFoundError:
        raise UserError("no such file", file=str(path)) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"cannot be read: {reason}", file=str(path)) from None
    if not stat.S_ISREG(found.st_mode):
        raise UserError("this is no file", file=str(path), allowed="a .graphml file")
    return found.st_size


def _write_graphml(network: Network, path: Path) -> None:
    import networkx as nx

    nx.write_graphml(to_graph(network), path)


def _at(problem: str, path: tuple[str | int, ...], given: Any, allowed: Any) -> UserError:
    known = allowed if isinstance(allowed, list) else ()
    error = UserError(problem, given=given, allowed=allowed, nearest=nearest(str(given), known))
    error.path = path  # type: ignore[attr-defined]
    error.key = ".".join(str(part) for part in path)
    return error
