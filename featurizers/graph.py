"""Graph: an ONNX graph under construction."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from featurizers.namespace import Namespace
from featurizers.symbols import ONNX_TYPES, STRING, Shape, Symbol


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
        """A fresh one, that no input has."""
        taken = {i.name for i in self.inputs}
        self.count += 1
        while f"v{self.count}" in taken:
            self.count += 1
        return f"v{self.count}"

    def input(self, name: str, dtype: Any, shape: tuple[int | str, ...]) -> Symbol:
        """A graph input; a size given by name is open."""
        dtype = np.dtype(dtype)
        self.inputs.append(helper.make_tensor_value_info(name, ONNX_TYPES[dtype], shape))
        return Symbol(self, name, dtype, tuple(n if isinstance(n, int) else None for n in shape))

    def output(self, name: str, value: Symbol, shape: tuple[int | str, ...]) -> None:
        self.nodes.append(helper.make_node("Identity", [value.name], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, ONNX_TYPES[value.dtype], shape))

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
            attribute = numpy_helper.from_array(value, key) if isinstance(value, np.ndarray) else value
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
