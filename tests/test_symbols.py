"""Symbols: a value of the graph is what numpy makes it, in the shape that the symbol says."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from featurizers.graph import Graph

VALUES = np.arange(16.0).reshape(2, 8)
PARTS = [slice(None, None, -1), slice(-5, None, 2), slice(-5, -2), slice(-3, None), slice(2, None), slice(None, -2),
         slice(None, None, 3), slice(-1, -4, -1)]  # fmt: skip


@pytest.mark.parametrize("columns", [8, "open"])
@pytest.mark.parametrize("part", PARTS, ids=str)
def test_slices_of_axes(part: slice, columns: int | str) -> None:
    graph = Graph()
    value = graph.input("x", np.float64, ("rows", columns))[:, part]
    graph.output("part", value, ("rows", "part"))
    session = onnxruntime.InferenceSession(graph.model("slice", {}).SerializeToString())
    (found,) = session.run(None, {"x": VALUES})
    np.testing.assert_array_equal(found, VALUES[:, part])
    assert value.shape[1] in (None, found.shape[1])
    assert (value.shape[1] is None) <= (columns == "open")


def test_fresh_names_are_those_of_no_input() -> None:
    graph = Graph()
    first, second = (graph.input(name, np.float64, ("rows",)) for name in ("v1", "v2"))
    assert (first + second).name == "v3"
