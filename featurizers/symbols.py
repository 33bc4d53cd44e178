"""Symbols: arrays that write an ONNX graph while they are computed with.

`Graph` (graph.py) collects nodes, `Symbol` is a value in it with a dtype and a shape (None where the size is open),
and `Namespace` (namespace.py) is the part of the array API that both numpy and the graph can do. Rules that keep the
graph equal to numpy: float64 wherever numpy has it, integer division floors, reductions know no NaN, sizes come from
settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto

if TYPE_CHECKING:
    from featurizers.graph import Graph
    from featurizers.namespace import Namespace

Shape = tuple[int | None, ...]
STRING = np.dtype(object)
ONNX_TYPES = {
    np.dtype(np.float64): TensorProto.DOUBLE,
    np.dtype(np.float32): TensorProto.FLOAT,
    np.dtype(np.int64): TensorProto.INT64,
    np.dtype(bool): TensorProto.BOOL,
    STRING: TensorProto.STRING,
}


class Symbol:
    """A value of the graph. `shape` holds None where the size is open (the number of series)."""

    __array_ufunc__ = None  # numpy arrays on the left leave the operation to us

    def __init__(self, graph: Graph, name: str, dtype: np.dtype[Any], shape: Shape) -> None:
        self.graph, self.name, self.dtype, self.shape = graph, name, dtype, shape

    def __repr__(self) -> str:
        return f"Symbol({self.name}, {self.dtype}, {self.shape})"

    def __array_namespace__(self, api_version: str | None = None) -> Namespace:
        return self.graph.xp

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __bool__(self) -> bool:
        raise TypeError("A symbol has no truth value while the graph is written: use xp.where.")

    __hash__ = None  # type: ignore[assignment]

    # fmt: off
    def __add__(self, o: Any) -> Symbol: return self.graph.xp.binary("Add", self, o)
    def __radd__(self, o: Any) -> Symbol: return self.graph.xp.binary("Add", o, self)
    def __sub__(self, o: Any) -> Symbol: return self.graph.xp.binary("Sub", self, o)
    def __rsub__(self, o: Any) -> Symbol: return self.graph.xp.binary("Sub", o, self)
    def __mul__(self, o: Any) -> Symbol: return self.graph.xp.binary("Mul", self, o)
    def __rmul__(self, o: Any) -> Symbol: return self.graph.xp.binary("Mul", o, self)
    def __truediv__(self, o: Any) -> Symbol: return self.graph.xp.divide(self, o)
    def __rtruediv__(self, o: Any) -> Symbol: return self.graph.xp.divide(o, self)
    def __floordiv__(self, o: Any) -> Symbol: return self.graph.xp.floor_divide(self, o)
    def __mod__(self, o: Any) -> Symbol: return self.graph.xp.remainder(self, o)
    def __pow__(self, o: Any) -> Symbol: return self.graph.xp.pow(self, o)
    def __rpow__(self, o: Any) -> Symbol: return self.graph.xp.pow(o, self)
    def __matmul__(self, o: Any) -> Symbol: return self.graph.xp.matmul(self, o)
    def __rmatmul__(self, o: Any) -> Symbol: return self.graph.xp.matmul(o, self)
    def __neg__(self) -> Symbol: return self.graph.node("Neg", [self], self.dtype, self.shape)
    def __lt__(self, o: Any) -> Symbol: return self.graph.xp.compare("Less", self, o)
    def __le__(self, o: Any) -> Symbol: return self.graph.xp.compare("LessOrEqual", self, o)
    def __gt__(self, o: Any) -> Symbol: return self.graph.xp.compare("Greater", self, o)
    def __ge__(self, o: Any) -> Symbol: return self.graph.xp.compare("GreaterOrEqual", self, o)
    def __eq__(self, o: Any) -> Symbol: return self.graph.xp.compare("Equal", self, o)  # type: ignore[override]
    def __ne__(self, o: Any) -> Symbol: return ~self.graph.xp.compare("Equal", self, o)  # type: ignore[override]
    def __and__(self, o: Any) -> Symbol: return self.graph.xp.compare("And", self, o)
    def __or__(self, o: Any) -> Symbol: return self.graph.xp.compare("Or", self, o)
    __rand__, __ror__ = __and__, __or__
    def __invert__(self) -> Symbol: return self.graph.node("Not", [self], bool, self.shape)
    # fmt: on

    def __getitem__(self, key: Any) -> Symbol:
        """Static indexing of every axis: integers, slices and None."""
        keys = key if isinstance(key, tuple) else (key,)
        graph, result, axis = self.graph, self, 0
        for k in keys:
            if k is None:
                shape = (*result.shape[:axis], 1, *result.shape[axis:])
                result = graph.node("Unsqueeze", [result, np.array([axis])], result.dtype, shape)
                axis += 1
            elif isinstance(k, int | np.integer):
                shape = (*result.shape[:axis], *result.shape[axis + 1 :])
                result = graph.node("Gather", [result, np.array(int(k))], result.dtype, shape, axis=axis)
            elif isinstance(k, slice):
                if k != slice(None):
                    result = _slice(result, k, axis)
                axis += 1
            else:
                raise TypeError(f"A symbol is indexed by integers, slices and None, not by {k!r}: use xp.take.")
        return result


def _slice(x: Symbol, k: slice, axis: int) -> Symbol:
    size, step = x.shape[axis], k.step or 1
    far = np.iinfo(np.int64).max
    if size is not None:
        start, stop, step = k.indices(size)
        length: int | None = len(range(start, stop, step))
        if stop < 0:  # walking backwards past the first element
            stop = -far
    else:
        start = (0 if step > 0 else -1) if k.start is None else k.start
        stop = (far if step > 0 else -far) if k.stop is None else k.stop
        length = len(range(start, 0, step)) if start < 0 < step and k.stop is None else None
    shape = (*x.shape[:axis], length, *x.shape[axis + 1 :])
    operands = [x, np.array([start]), np.array([stop]), np.array([axis]), np.array([step])]
    return x.graph.node("Slice", operands, x.dtype, shape)


def broadcast(*shapes: Shape) -> Shape:
    """The shape that numpy's broadcasting gives; an open size meets 1 or an open size."""
    rank = max(len(s) for s in shapes)
    padded = [(1,) * (rank - len(s)) + s for s in shapes]
    result: list[int | None] = []
    for sizes in zip(*padded, strict=True):
        known = {n for n in sizes if n is not None and n != 1}
        if len(known) > 1:
            raise ValueError(f"Shapes {shapes} do not fit together.")
        result.append(None if None in sizes else known.pop() if known else 1)
    return tuple(result)
