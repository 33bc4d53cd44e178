import numpy as np
import pytest
from scipy import stats

from featurizers.graph import Graph
from learners.student import normal, student, student_bands
from tests.graphs import outputs


@pytest.mark.parametrize("chance", [0.55, 0.9, 0.975, 0.995])
def test_quantiles_of_t(chance):
    freedom = np.array([[1.0], [2], [3], [8], [29], [30], [31], [60], [1000], [1e6]])
    np.testing.assert_allclose(student(chance, freedom), stats.t.ppf(chance, freedom), rtol=1e-7)


def test_quantiles_of_the_normal():
    chance = np.r_[1e-9, 1e-6, np.linspace(0.001, 0.999, 99), 1 - 1e-6]
    np.testing.assert_allclose(normal(chance), stats.norm.ppf(chance), rtol=1e-5, atol=1e-6)


def test_a_graph_has_them_too():
    freedom, graph = np.array([[1.0], [7], [400]]), Graph()
    symbol = graph.input("freedom", np.float64, ("series", 1))
    graph.output("t", student(0.9, symbol), ("series", 1))
    graph.output("z", normal(1.0 / (1.0 + symbol)), ("series", 1))
    for found, expected in zip(
        outputs(graph, {"freedom": freedom}), (student(0.9, freedom), normal(1 / (1 + freedom))), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_bands_are_wider_where_little_is_known():
    bands = student_bands(np.zeros((2, 1)), np.ones((2, 1)), np.array([[3.0], [1e9]]), (80, 97.5))
    assert list(bands) == ["lo80", "hi80", "lo97.5", "hi97.5"]
    np.testing.assert_allclose(bands["hi80"][:, 0], [1.63774, 1.28155], rtol=1e-5)
    np.testing.assert_allclose(bands["lo80"], -bands["hi80"])
