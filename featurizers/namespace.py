"""Namespace: the functions of numpy that a graph can hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import helper

from featurizers.symbols import ONNX_TYPES, STRING, Shape, Symbol, broadcast

if TYPE_CHECKING:
    from featurizers.arrays import State
    from featurizers.graph import Graph


class Namespace:
    """The functions of numpy that a graph can hold; each writes its nodes and returns a symbol."""

    float64, float32, int64 = np.dtype(np.float64), np.dtype(np.float32), np.dtype(np.int64)
    nan, inf, pi = np.nan, np.inf, np.pi

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    # ---- making and shaping -------------------------------------------------------------------

    def asarray(self, x: Any, dtype: Any = None) -> Symbol:
        if isinstance(x, Symbol):
            return x if dtype is None else self.astype(x, dtype)
        return self.graph.constant(x, dtype)

    def astype(self, x: Any, dtype: Any) -> Symbol:
        x, dtype = self.asarray(x), np.dtype(dtype)
        if x.dtype == dtype:
            return x
        return self.graph.node("Cast", [x], dtype, x.shape, to=ONNX_TYPES[dtype])

    def zeros_like(self, x: Symbol) -> Symbol:
        return self.full_like(x, 0)

    def full_like(self, x: Symbol, value: float) -> Symbol:
        return self.broadcast_like(self.asarray(np.asarray(value, x.dtype)), x)

    def broadcast_like(self, x: Any, like: Symbol) -> Symbol:
        """`x` in the shape of `like`, whose sizes may be open."""
        x = self.asarray(x)
        shape = self.graph.node("Shape", [like], np.int64, (like.ndim,))
        return self.graph.node("Expand", [x, shape], x.dtype, broadcast(x.shape, like.shape))

    def reshape(self, x: Any, shape: tuple[int, ...]) -> Symbol:
        """Reshape; -1 keeps the open size."""
        x = self.asarray(x)
        known = tuple(None if n == -1 else n for n in shape)
        if -1 in shape and None not in x.shape:
            rest = -int(np.prod(shape))
            known = tuple(int(np.prod([n or 1 for n in x.shape])) // max(rest, 1) if n == -1 else n for n in shape)
        return self.graph.node("Reshape", [x, np.array(shape, np.int64)], x.dtype, known)

    def permute_dims(self, x: Symbol, axes: tuple[int, ...]) -> Symbol:
        return self.graph.node("Transpose", [x], x.dtype, tuple(x.shape[a] for a in axes), perm=list(axes))

    def concat(self, arrays: list[Any], axis: int = 0) -> Symbol:
        parts = self._same(arrays)
        axis = axis % parts[0].ndim
        if len(parts) == 1:
            return parts[0]
        sizes = [p.shape[axis] for p in parts]
        total = None if None in sizes else sum(n or 0 for n in sizes)
        others = broadcast(*[(*p.shape[:axis], *p.shape[axis + 1 :]) for p in parts])
        shape = (*others[:axis], total, *others[axis:])
        return self.graph.node("Concat", list(parts), parts[0].dtype, shape, axis=axis)

    def stack(self, arrays: list[Any], axis: int = 0) -> Symbol:
        parts = self._same(arrays)
        axis = axis % (parts[0].ndim + 1)
        key = (slice(None),) * axis + (None,)
        return self.concat([p[key] for p in parts], axis=axis)

    def take(self, x: Any, indices: Any, axis: int) -> Symbol:
        x, indices = self.asarray(x), self.asarray(indices)
        shape = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
        return self.graph.node("Gather", [x, indices], x.dtype, shape, axis=axis)

    def take_along_axis(self, x: Any, indices: Any, axis: int) -> Symbol:
        x, indices = self.asarray(x), self.asarray(indices)
        return self.graph.node("GatherElements", [x, indices], x.dtype, indices.shape, axis=axis)

    # ---- element by element -------------------------------------------------------------------

    def _same(self, arrays: Any) -> list[Symbol]:
        """Symbols of one dtype by numpy's promotion, where a Python number is weak."""
        types = [a.dtype if hasattr(a, "dtype") else a for a in arrays]
        if any(t == STRING for t in types):
            return [self.asarray(a) for a in arrays]
        dtype = np.result_type(*types)
        if dtype not in ONNX_TYPES:
            dtype = np.dtype(np.float64 if dtype.kind == "f" else np.int64)
        return [self.asarray(np.asarray(a, dtype) if not isinstance(a, Symbol) else a, dtype) for a in arrays]

    def binary(self, kind: str, a: Any, b: Any) -> Symbol:
        x, y = self._same([a, b])
        return self.graph.node(kind, [x, y], x.dtype, broadcast(x.shape, y.shape))

    def compare(self, kind: str, a: Any, b: Any) -> Symbol:
        x, y = self._same([a, b])
        return self.graph.node(kind, [x, y], bool, broadcast(x.shape, y.shape))

    def divide(self, a: Any, b: Any) -> Symbol:
        x, y = self._same([a, b])
        if x.dtype == np.int64:
            x, y = self.astype(x, np.float64), self.astype(y, np.float64)
        return self.binary("Div", x, y)

    def remainder(self, a: Any, b: Any) -> Symbol:
        x, y = self._same([a, b])
        if x.dtype != np.int64:  # ONNX has no flooring modulus for floats
            return x - self.floor(self.divide(x, y)) * y
        return self.graph.node("Mod", [x, y], np.int64, broadcast(x.shape, y.shape), fmod=0)

    def floor_divide(self, a: Any, b: Any) -> Symbol:
        x, y = self._same([a, b])
        if x.dtype != np.int64:
            return self.floor(self.divide(x, y))
        return self.binary("Div", x - self.remainder(x, y), y)  # ONNX truncates, numpy floors

    def pow(self, a: Any, b: Any) -> Symbol:
        return self.binary("Pow", a, b)

    def minimum(self, a: Any, b: Any) -> Symbol:
        return self.binary("Min", a, b)

    def maximum(self, a: Any, b: Any) -> Symbol:
        return self.binary("Max", a, b)

    def where(self, condition: Any, a: Any, b: Any) -> Symbol:
        x, y = self._same([a, b])
        condition = self.asarray(condition)
        shape = broadcast(condition.shape, x.shape, y.shape)
        return self.graph.node("Where", [condition, x, y], x.dtype, shape)

    def clip(self, x: Any, low: Any, high: Any) -> Symbol:
        return self.minimum(self.maximum(x, low), high)

    def _unary(self, kind: str, x: Any) -> Symbol:
        x = self.asarray(x)
        return self.graph.node(kind, [x], x.dtype, x.shape)

    # fmt: off
    def exp(self, x: Any) -> Symbol: return self._unary("Exp", x)
    def log(self, x: Any) -> Symbol: return self._unary("Log", x)
    def sqrt(self, x: Any) -> Symbol: return self._unary("Sqrt", x)
    def abs(self, x: Any) -> Symbol: return self._unary("Abs", x)
    def sin(self, x: Any) -> Symbol: return self._unary("Sin", x)
    def tanh(self, x: Any) -> Symbol: return self._unary("Tanh", x)
    def sign(self, x: Any) -> Symbol: return self._unary("Sign", x)
    # fmt: on

    def floor(self, x: Any) -> Symbol:
        x = self.asarray(x)
        return x if x.dtype == np.int64 else self._unary("Floor", x)

    # Near 0 the sum with 1 is rounded; the factor is right about what it was rounded to (Kahan; Goldberg, What every
    # computer scientist should know about floating-point arithmetic, 1991, theorem 4; Higham, Accuracy and stability
    # of numerical algorithms, 2002, 1.14.1).

    def log1p(self, x: Any) -> Symbol:
        u = self.asarray(x) + 1.0
        return self.where((u == 1.0) | (u == np.inf), x, self.log(u) * (x / (u - 1.0)))

    def expm1(self, x: Any) -> Symbol:
        u = self.exp(x)
        near = self.where(u == 1.0, x, (u - 1.0) * (x / self.log(u)))
        return self.where(self.abs(x) < 1.0, near, u - 1.0)

    def square(self, x: Any) -> Symbol:
        return self.binary("Mul", x, x)

    def isnan(self, x: Any) -> Symbol:
        x = self.asarray(x)
        if x.dtype == np.int64:
            return self.full_like(self.astype(x, bool), False)
        return self.graph.node("IsNaN", [x], bool, x.shape)

    def isfinite(self, x: Any) -> Symbol:
        return self.abs(x) < np.inf  # false for NaN as well

    # ---- over an axis -------------------------------------------------------------------------

    def _reduce(self, kind: str, x: Any, axis: int, keepdims: bool) -> Symbol:
        x = self.asarray(x)
        axis = axis % x.ndim
        shape = (*x.shape[:axis], *((1,) if keepdims else ()), *x.shape[axis + 1 :])
        if kind == "ReduceSum" or self.graph.opset >= 18:  # later opsets take the axes as an input
            return self.graph.node(kind, [x, np.array([axis])], x.dtype, shape, keepdims=int(keepdims))
        return self.graph.node(kind, [x], x.dtype, shape, axes=[axis], keepdims=int(keepdims))

    def sum(self, x: Any, axis: int, keepdims: bool = False) -> Symbol:
        return self._reduce("ReduceSum", x, axis, keepdims)

    def mean(self, x: Any, axis: int, keepdims: bool = False) -> Symbol:
        return self._reduce("ReduceMean", x, axis, keepdims)

    def min(self, x: Any, axis: int, keepdims: bool = False) -> Symbol:
        return self._reduce("ReduceMin", x, axis, keepdims)

    def max(self, x: Any, axis: int, keepdims: bool = False) -> Symbol:
        return self._reduce("ReduceMax", x, axis, keepdims)

    def std(self, x: Any, axis: int, keepdims: bool = False, correction: float = 0.0) -> Symbol:
        spread = self.square(x - self.mean(x, axis, keepdims=True))
        return self.sqrt(self.sum(spread, axis, keepdims) / (x.shape[axis] - correction))

    def any(self, x: Any, axis: int, keepdims: bool = False) -> Symbol:
        return self.astype(self.max(self.astype(x, np.int64), axis, keepdims), bool)

    def all(self, x: Any, axis: int, keepdims: bool = False) -> Symbol:
        return self.astype(self.min(self.astype(x, np.int64), axis, keepdims), bool)

    def cumulative_sum(self, x: Any, axis: int) -> Symbol:
        x = self.asarray(x)
        return self.graph.node("CumSum", [x, np.array(axis)], x.dtype, x.shape)

    def sort(self, x: Any, axis: int = -1) -> Symbol:
        """Ascending; the inputs must not be NaN. The size of the axis must be known."""
        x = self.asarray(x)
        axis = axis % x.ndim
        return self._lowest(x, self.graph.constant(np.array([x.shape[axis]])), x.shape, axis)[0]

    def smallest(self, x: Any, count: int) -> tuple[Symbol, Symbol]:
        """The `count` smallest of each row of x (rows, columns) and their columns; the earlier of two equals."""
        return self._lowest(x, self.graph.constant(np.array([count])), (x.shape[0], count), 1)

    def argsort(self, x: Any) -> Symbol:
        """The order that sorts x, which has one axis (its size may be open) and no NaN and no ties."""
        x = self.asarray(x)
        return self._lowest(x, self.graph.node("Shape", [x], np.int64, (1,)), x.shape, 0)[1]

    def _lowest(self, x: Symbol, count: Symbol, shape: Shape, axis: int) -> tuple[Symbol, Symbol]:
        """The `count` (1,) smallest along an axis, ascending, and where they stand; both are of this shape."""
        values, places = self.graph.name(), self.graph.name()
        operands = [x.name, count.name]
        self.graph.nodes.append(helper.make_node("TopK", operands, [values, places], axis=axis, largest=0, sorted=1))
        return Symbol(self.graph, values, x.dtype, shape), Symbol(self.graph, places, np.dtype(np.int64), shape)

    def flatnonzero(self, x: Any) -> Symbol:
        """The places where x, which has one axis, is true; how many is open."""
        return self.graph.node("NonZero", [x], np.int64, (1, None))[0, :]

    def matmul(self, a: Any, b: Any) -> Symbol:
        x, y = self._same([a, b])
        lead = broadcast(x.shape[:-2], y.shape[:-2])
        return self.graph.node("MatMul", [x, y], x.dtype, (*lead, x.shape[-2], y.shape[-1]))

    def lookup(self, x: Symbol, keys: np.ndarray) -> Symbol:
        """The position of each value (text or int64) in `keys`, -1 where it is not among them."""
        kind = "strings" if x.dtype == STRING else "int64s"
        attributes = {f"keys_{kind}": keys.tolist(), "values_int64s": list(range(len(keys))), "default_int64": -1}
        return self.graph.node("LabelEncoder", [x], np.int64, x.shape, domain="ai.onnx.ml", **attributes)

    def loop(
        self, step: Callable[[State, State], tuple[State, State]], carry: State, columns: State
    ) -> tuple[State, State]:
        """What `featurizers.arrays.scan` does, as one Loop node."""
        from featurizers.loop import loop

        return loop(self.graph, step, carry, columns)
