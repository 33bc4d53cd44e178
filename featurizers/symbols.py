"""Symbols: arrays that write an ONNX graph while they are computed with.

`Graph` collects nodes, `Symbol` is a value in it with a dtype and a shape (None where
the size is open), and `Namespace` is the part of the array API that both numpy and the
graph can do. Rules that keep the graph equal to numpy: float64 wherever numpy has it,
integer division floors, reductions know no NaN, sizes come from settings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from featurizers.arrays import State

Shape = tuple[int | None, ...]
STRING = np.dtype(object)
_TYPES = {
    np.dtype(np.float64): TensorProto.DOUBLE,
    np.dtype(np.float32): TensorProto.FLOAT,
    np.dtype(np.int64): TensorProto.INT64,
    np.dtype(bool): TensorProto.BOOL,
    STRING: TensorProto.STRING,
}


class Graph:
    """An ONNX graph under construction: `input`, compute with the symbols, `output`, `model`."""

    def __init__(self, opset: int = 18, ml: int = 5) -> None:
        self.opset, self.ml = opset, ml
        self.nodes: list[onnx.NodeProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self.constants: dict[tuple[str, tuple[int, ...], bytes], Symbol] = {}
        self.initializers: list[onnx.TensorProto] = []
        self.count = 0
        self.xp = Namespace(self)

    def name(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def input(self, name: str, dtype: Any, shape: tuple[int | str, ...]) -> Symbol:
        """A graph input; a size given by name is open."""
        dtype = np.dtype(dtype)
        self.inputs.append(helper.make_tensor_value_info(name, _TYPES[dtype], shape))
        return Symbol(self, name, dtype, tuple(n if isinstance(n, int) else None for n in shape))

    def output(self, name: str, value: Symbol, shape: tuple[int | str, ...]) -> None:
        self.nodes.append(helper.make_node("Identity", [value.name], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, _TYPES[value.dtype], shape))

    def constant(self, value: Any, dtype: Any = None) -> Symbol:
        array = np.asarray(value, dtype)
        if array.dtype.kind in "US":
            array = array.astype(object)
        if array.dtype.kind in "iu" and array.dtype != np.int64:
            array = array.astype(np.int64)
        content = repr(array.tolist()).encode() if array.dtype == STRING else array.tobytes()
        key = (array.dtype.str, array.shape, content)
        if key not in self.constants:
            name = self.name()
            self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name))
            self.constants[key] = Symbol(self, name, array.dtype, array.shape)
        return self.constants[key]

    def node(
        self, kind: str, operands: list[Any], dtype: Any, shape: Shape, domain: str = "", **attributes: Any
    ) -> Symbol:
        """Append one node with one output; operands that are not symbols become constants."""
        names = [x.name if isinstance(x, Symbol) else self.constant(x).name for x in operands]
        out = self.name()
        node = helper.make_node(kind, names, [out], domain=domain)
        for key, value in attributes.items():
            attribute = (
                numpy_helper.from_array(value, key) if isinstance(value, np.ndarray) else value
            )
            node.attribute.append(helper.make_attribute(key, attribute))
        self.nodes.append(node)
        return Symbol(self, out, np.dtype(dtype), shape)

    def model(self, name: str, metadata: dict[str, str]) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, name, self.inputs, self.outputs, self.initializers)
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid("ai.onnx.ml", self.ml)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=9 if self.ml >= 5 else 8)
        helper.set_model_props(model, metadata)
        onnx.checker.check_model(model, full_check=True)
        return model


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
        length = -start if start < 0 and k.stop is None else None
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


class Namespace:
    """The functions of numpy that a graph can hold; each writes its nodes and returns a symbol."""

    float64, float32, int64, bool = np.dtype(np.float64), np.dtype(np.float32), np.dtype(np.int64), np.dtype(bool)
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
        return self.graph.node("Cast", [x], dtype, x.shape, to=_TYPES[dtype])

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

    def matrix_transpose(self, x: Symbol) -> Symbol:
        axes = (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2)
        return self.permute_dims(x, axes)

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
        if dtype not in _TYPES:
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

    def log1p(self, x: Any) -> Symbol:
        return self.log(self.asarray(x) + 1.0)

    def expm1(self, x: Any) -> Symbol:
        return self.exp(x) - 1.0

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

    # fmt: off
    def sum(self, x: Any, axis: int, keepdims: bool = False) -> Symbol: return self._reduce("ReduceSum", x, axis, keepdims)
    def mean(self, x: Any, axis: int, keepdims: bool = False) -> Symbol: return self._reduce("ReduceMean", x, axis, keepdims)
    def min(self, x: Any, axis: int, keepdims: bool = False) -> Symbol: return self._reduce("ReduceMin", x, axis, keepdims)
    def max(self, x: Any, axis: int, keepdims: bool = False) -> Symbol: return self._reduce("ReduceMax", x, axis, keepdims)
    # fmt: on

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
        size = x.shape[axis]
        out, index = self.graph.name(), self.graph.name()
        count = self.graph.constant(np.array([size]))
        self.graph.nodes.append(
            helper.make_node("TopK", [x.name, count.name], [out, index], axis=axis, largest=0, sorted=1)
        )
        return Symbol(self.graph, out, x.dtype, x.shape)

    def matmul(self, a: Any, b: Any) -> Symbol:
        x, y = self._same([a, b])
        lead = broadcast(x.shape[:-2], y.shape[:-2])
        return self.graph.node("MatMul", [x, y], x.dtype, (*lead, x.shape[-2], y.shape[-1]))

    def lookup(self, x: Symbol, keys: np.ndarray) -> Symbol:
        """The position of each value (text or int64) in `keys`, -1 where it is not among them."""
        kind = "strings" if x.dtype == STRING else "int64s"
        attributes = {
            f"keys_{kind}": keys.tolist(),
            "values_int64s": list(range(len(keys))),
            "default_int64": -1,
        }
        return self.graph.node("LabelEncoder", [x], np.int64, x.shape, domain="ai.onnx.ml", **attributes)

    # ---- the loop -----------------------------------------------------------------------------

    def loop(
        self, step: Callable[[State, State], tuple[State, State]], carry: State, columns: State
    ) -> tuple[State, State]:
        """`scan` as one Loop node; the columns are read from outside its body."""
        graph = self.graph
        first = next(iter(columns.values()))
        steps = self.take(graph.node("Shape", [first], np.int64, (2,)), np.array(1), axis=0)
        start = {name: self.asarray(value) for name, value in carry.items()}
        i, going = (
            Symbol(graph, graph.name(), np.dtype(np.int64), ()),
            Symbol(graph, graph.name(), np.dtype(bool), ()),
        )
        inside = {name: Symbol(graph, graph.name(), s.dtype, s.shape) for name, s in start.items()}
        outer, graph.nodes = graph.nodes, []
        now = {name: self.take(values, i, axis=1) for name, values in columns.items()}
        ended, outputs = step(dict(inside), now)
        finals = [self._same_as(ended[name], start[name]) for name in start]
        ends = [_named(graph, going), *(_named(graph, s) for s in finals)]
        ends += [_named(graph, self.asarray(s)) for s in outputs.values()]
        body = helper.make_graph(graph.nodes, "step", [_info(i), _info(going), *map(_info, inside.values())],
                                 [_info(s) for s in ends])  # fmt: skip
        graph.nodes = outer
        names = [graph.name() for _ in ends[1:]]
        always = self.asarray(np.array(True))
        graph.nodes.append(
            helper.make_node("Loop", [steps.name, always.name, *(s.name for s in start.values())], names, body=body)
        )
        carried = {
            name: Symbol(graph, out, s.dtype, s.shape)
            for (name, s), out in zip(start.items(), names[: len(start)], strict=True)
        }
        length = first.shape[1]
        collected = {}
        for (name, value), out in zip(outputs.items(), names[len(start) :], strict=True):
            value = self.asarray(value)
            side = Symbol(graph, out, value.dtype, (length, *value.shape))
            collected[name] = self.permute_dims(side, (1, 0, *range(2, side.ndim)))
        return carried, collected

    def _same_as(self, value: Any, like: Symbol) -> Symbol:
        value = self.astype(value, like.dtype)
        return value if value.shape == like.shape else self.broadcast_like(value, like)


def _named(graph: Graph, value: Symbol) -> Symbol:
    """A fresh name for a value, since a body's outputs must be made inside it, each once."""
    return graph.node("Identity", [value], value.dtype, value.shape)


def _info(value: Symbol) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(value.name, _TYPES[value.dtype], [None] * value.ndim)
