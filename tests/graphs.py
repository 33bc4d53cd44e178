"""Graphs, and those of single parts, scored with onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnxruntime

from featurizers.graph import Graph
from learners.regressors import Fitted


def scored(fitted: Fitted, X: np.ndarray) -> np.ndarray:
    """What the graph of `fitted` answers to X."""
    graph = Graph()
    x = graph.input("x", np.float64, ("rows", X.shape[1]))
    graph.output("y", fitted.predict(x), ("rows",))
    return outputs(graph, {"x": X})[0]


def outputs(graph: Graph, fed: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """What the graph's outputs are, in their order, when it is `fed`."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    session = onnxruntime.InferenceSession(graph.model("test", {}).SerializeToString(), options)
    return [np.asarray(values) for values in session.run(None, dict(fed))]
