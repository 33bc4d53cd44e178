"""loop: `scan` as one ONNX Loop node."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import helper

from featurizers.symbols import ONNX_TYPES, Symbol

if TYPE_CHECKING:
    from featurizers.arrays import State
    from featurizers.graph import Graph


def loop(
    graph: Graph, step: Callable[[State, State], tuple[State, State]], carry: State, columns: State
) -> tuple[State, State]:
    """`scan` as one Loop node; the columns are read from outside its body."""
    xp = graph.xp
    first = next(iter(columns.values()))
    steps = xp.take(graph.node("Shape", [first], np.int64, (2,)), np.array(1), axis=0)
    start = {name: xp.asarray(value) for name, value in carry.items()}
    i = Symbol(graph, graph.name(), np.dtype(np.int64), ())
    going = Symbol(graph, graph.name(), np.dtype(bool), ())
    inside = {name: Symbol(graph, graph.name(), s.dtype, s.shape) for name, s in start.items()}
    outer, graph.nodes = graph.nodes, []
    now = {name: xp.take(values, i, axis=1) for name, values in columns.items()}
    ended, outputs = step(dict(inside), now)
    finals = [_like(ended[name], start[name]) for name in start]
    ends = [_named(graph, going), *(_named(graph, s) for s in finals)]
    ends += [_named(graph, xp.asarray(s)) for s in outputs.values()]
    body = helper.make_graph(graph.nodes, "step", [_info(i), _info(going), *map(_info, inside.values())],
                             [_info(s) for s in ends])  # fmt: skip
    graph.nodes = outer
    names = [graph.name() for _ in ends[1:]]
    always = xp.asarray(np.array(True))
    operands = [steps.name, always.name, *(s.name for s in start.values())]
    graph.nodes.append(helper.make_node("Loop", operands, names, body=body))
    carried = {name: Symbol(graph, out, s.dtype, s.shape)
               for (name, s), out in zip(start.items(), names[: len(start)], strict=True)}  # fmt: skip
    length = first.shape[1]
    collected = {}
    for (name, value), out in zip(outputs.items(), names[len(start) :], strict=True):
        value = xp.asarray(value)
        side = Symbol(graph, out, value.dtype, (length, *value.shape))
        collected[name] = xp.permute_dims(side, (1, 0, *range(2, side.ndim)))
    return carried, collected


def _like(value: Any, start: Symbol) -> Symbol:
    """A carried value in the type and the shape that it started with."""
    xp = start.graph.xp
    value = xp.astype(value, start.dtype)
    return value if value.shape == start.shape else xp.broadcast_like(value, start)


def _named(graph: Graph, value: Symbol) -> Symbol:
    """A fresh name for a value, since a body's outputs must be made inside it, each once."""
    return graph.node("Identity", [value], value.dtype, value.shape)


def _info(value: Symbol) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(value.name, ONNX_TYPES[value.dtype], [None] * value.ndim)
