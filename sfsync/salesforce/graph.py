"""Composite graphs: units of several records that are written all or not at all ("Using Composite Graphs")."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote as percent

from sfsync.errors import ConfigError, OutcomeUnknown
from sfsync.logs import redact
from sfsync.records import Create, Outcome, State, Update
from sfsync.salesforce.composite import jsonable
from sfsync.salesforce.faults import FaultKind, classify_part
from sfsync.salesforce.session import Session

GRAPHS_A_CALL = 75
NODES_A_CALL = 500
KINDS_A_CALL = 15

Node = Create | Update


@dataclass(frozen=True, slots=True)
class Graph:
    """One unit. A node may name the id of an earlier one in a value: ``@{n0.id}`` is the first node's."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class GraphOutcome:
    """What became of a unit: all its nodes are done, or none is, or nobody knows."""

    state: State
    nodes: tuple[Outcome, ...]

    @property
    def reason(self) -> str:
        """Why it was refused: the first error that is not merely a victim of another."""
        wrong = [node for node in self.nodes if node.state is not State.DONE]
        cause = next((node for node in wrong if node.code != "PROCESSING_HALTED"), None)
        return (cause or wrong[0]).reason if wrong else ""


@dataclass(slots=True)
class _Batch:
    graphs: list[Graph] = field(default_factory=list)
    kinds: set[tuple[str, str, str]] = field(default_factory=set)
    nodes: int = 0

    def takes(self, graph: Graph) -> bool:
        return (
            len(self.graphs) < GRAPHS_A_CALL
            and self.nodes + len(graph.nodes) <= NODES_A_CALL
            and len(self.kinds | _kinds(graph)) <= KINDS_A_CALL
        )

    def add(self, graph: Graph) -> None:
        self.graphs.append(graph)
        self.kinds |= _kinds(graph)
        self.nodes += len(graph.nodes)


def batches(graphs: Sequence[Graph]) -> list[list[Graph]]:
    """Units divided into calls within the platform's limits; ConfigError for a unit that fits into none."""
    found: list[_Batch] = []
    for graph in graphs:
        if not _Batch().takes(graph) or not graph.nodes:
            raise ConfigError(
                f"A unit of {len(graph.nodes)} records cannot be written at once: "
                f"1 to {NODES_A_CALL} records of at most {KINDS_A_CALL} kinds can."
            )
        if not found or not found[-1].takes(graph):
            found.append(_Batch())
        found[-1].add(graph)
    return [batch.graphs for batch in found]


def write_graphs(session: Session, graphs: Sequence[Graph]) -> list[GraphOutcome]:
    """Write units in as few calls as possible; their outcomes in order.

    A call whose answer was lost leaves its units unknown. Units that the org did not begin, because too many before
    them failed, are sent again as long as that brings some forward. Raises what ``Session.request`` raises for a
    call as a whole.
    """
    outcomes: dict[int, GraphOutcome] = {}
    waiting = list(range(len(graphs)))
    while waiting:
        halted: list[int] = []
        start = 0
        for batch in batches([graphs[place] for place in waiting]):
            places = waiting[start : start + len(batch)]
            start += len(batch)
            for place, outcome in zip(places, _send(session, batch), strict=True):
                outcomes[place] = outcome
                if _never_begun(outcome):
                    halted.append(place)
        if len(halted) == len(waiting):
            break
        waiting = halted
    return [outcomes[place] for place in range(len(graphs))]


def _never_begun(outcome: GraphOutcome) -> bool:
    """Halted as a whole: no node of it is the culprit."""
    return outcome.state is State.REFUSED and all(node.code == "PROCESSING_HALTED" for node in outcome.nodes)


def _send(session: Session, graphs: Sequence[Graph]) -> list[GraphOutcome]:
    body = {
        "graphs": [
            {
                "graphId": f"g{number}",
                "compositeRequest": [
                    _node(session.version, place, node) for place, node in enumerate(graph.nodes)
                ],
            }
            for number, graph in enumerate(graphs)
        ]
    }
    try:
        answer = session.request("POST", "composite/graph", json=body, repeatable=False)
    except OutcomeUnknown:
        return [_unknown(graph) for graph in graphs]
    answers = _by_id(answer.body)
    return [_outcome(graph, answers.get(f"g{number}")) for number, graph in enumerate(graphs)]


def _node(version: str, place: int, node: Node) -> dict[str, Any]:
    if isinstance(node, Create):
        name = f"{node.object}/{node.key_field}/{percent(node.key, safe='')}"
    else:
        name = f"{node.object}/{node.id}"
    return {
        "method": "PATCH",
        "url": f"/services/data/v{version}/sobjects/{name}",
        "referenceId": f"n{place}",
        "body": jsonable(node.values),
    }


def _kinds(graph: Graph) -> set[tuple[str, str, str]]:
    """Kinds as the platform counts them: version, method and object; ours differ by object and address form."""
    return {
        (node.object, "PATCH", node.key_field if isinstance(node, Create) else "") for node in graph.nodes
    }


def _by_id(body: bytes) -> Mapping[str, Any]:
    try:
        return {item["graphId"]: item for item in json.loads(body)["graphs"]}
    except (ValueError, TypeError, KeyError):
        return {}


def _unknown(graph: Graph) -> GraphOutcome:
    return GraphOutcome(State.UNKNOWN, (Outcome(State.UNKNOWN),) * len(graph.nodes))


def _outcome(graph: Graph, answer: Any) -> GraphOutcome:
    try:
        parts = answer["graphResponse"]["compositeResponse"]
        nodes = tuple(_node_outcomes(graph, parts))
        done = answer["isSuccessful"] is True
    except (TypeError, KeyError, ValueError):
        return _unknown(graph)
    if done:
        return GraphOutcome(State.DONE, nodes)
    if any(node.state is State.UNKNOWN for node in nodes):
        return _unknown(graph)
    undone = tuple(node if node.state is State.REFUSED else _rolled_back() for node in nodes)
    return GraphOutcome(State.REFUSED, undone)


def _rolled_back() -> Outcome:
    return Outcome(State.REFUSED, code="PROCESSING_HALTED", message="rolled back with the rest of its unit")


def _node_outcomes(graph: Graph, parts: Sequence[Any]) -> Iterator[Outcome]:
    for node, part in zip(graph.nodes, parts, strict=True):
        fault = classify_part(int(part["httpStatusCode"]), part.get("body"))
        if fault is None:
            body = part.get("body") or {}
            made = node.id if isinstance(node, Update) else body.get("id")
            yield Outcome(State.DONE, id=made, created=body.get("created") is True)
        elif fault.kind is FaultKind.BROKEN:
            yield Outcome(State.UNKNOWN)
        else:
            yield Outcome(State.REFUSED, code=fault.code, message=redact(fault.message))
