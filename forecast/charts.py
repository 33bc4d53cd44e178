"""Charts of the report: figures as SVG text that is readable on light and on dark ground."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from learners.bands import bounds, levels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#0a0b0c"  # a colour that nothing else has: it becomes the colour of the page's text
FORECAST, OTHER, BAND = "#d9622b", "#3b82c4", "#d9622b"
LETTERS = 120  # that a line above a chart holds
APART = 24  # steps, the most whose autocorrelation is shown
LOOK: dict[Any, Any] = {
    "svg.fonttype": "none", "svg.hashsalt": "report", "text.parse_math": False, "font.size": 9,
    "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False, "axes.grid": True,
    "grid.color": "#80808040", "figure.facecolor": "none", "axes.facecolor": "none", "axes.linewidth": 0.6,
    "axes.titlesize": 10, "font.family": "sans-serif", "axes.titlelocation": "left",
}  # fmt: skip

Line = tuple[np.ndarray, np.ndarray]
Draw = Callable[["Axes"], None]


def drawn(draw: Callable[[Any], None], size: tuple[float, float] = (9.0, 3.0), columns: int = 1) -> str:
    """What `draw` puts into axes (one, or an array of `columns`), as SVG text."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(LOOK):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.subplots(1, columns))
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    svg = re.sub(r"<metadata>.*?</metadata>", "", text.getvalue(), flags=re.DOTALL)
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    sizes = r'width="[\d.]+pt" height="[\d.]+pt"|height="[\d.]+pt" width="[\d.]+pt"'
    return re.sub(sizes, 'width="100%"', svg, count=1)


def below(draws: Sequence[Draw]) -> Any:
    """A figure with one chart below the other, on white."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({**LOOK, "figure.facecolor": "white"}):
        figure = Figure(figsize=(9.0, 2.5 * len(draws)), layout="constrained")
        for axes, draw in zip(figure.subplots(len(draws), squeeze=False)[:, 0], draws, strict=True):
            draw(axes)
    return figure


def stamps(seconds: np.ndarray) -> np.ndarray:
    """Wall-clock seconds as what an axis of dates takes."""
    return seconds.astype("datetime64[s]")


def history(past: Line, forecast: Line, outputs: Mapping[str, np.ndarray], came: Line | None, title: str) -> Draw:
    """What draws the last values of one series, its forecast in its bands, and what came, if that is known.

    A line is (wall-clock seconds, values); `outputs` are the bands of the forecast by name.
    """
    times, actual = past
    later, values = forecast

    def draw(axes: Axes) -> None:
        axes.plot(stamps(times), actual, color=INK, linewidth=1.0, label="actual")
        for level in reversed(levels(outputs)):
            (low, high), faint = (outputs[name] for name in bounds(level)), 0.14 if level >= 90 else 0.3
            axes.fill_between(stamps(later), low, high, color=BAND, alpha=faint, linewidth=0, label=f"{level:g} %")
        joined = np.isfinite(actual[-1:]).all()
        x, y = (np.r_[times[-1:], later], np.r_[actual[-1:], values]) if joined else (later, values)
        axes.plot(stamps(x), y, color=FORECAST, linewidth=1.4, label="forecast")
        if came is not None and len(came[0]):
            axes.plot(stamps(came[0]), came[1], color=INK, linewidth=1.0, linestyle=":", label="test")
        axes.set_title(title)
        above(axes)
        dated(axes)

    return draw


def above(axes: Axes) -> None:
    """The legend above the axes, where it hides nothing, in as many columns as are no wider than they."""
    longest = max((len(label) for label in axes.get_legend_handles_labels()[1]), default=0)
    columns = int(np.clip(LETTERS // (longest + 6), 1, 8))
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=columns, fontsize=8, borderaxespad=0.1)


def dated(axes: Axes, most: int = 10) -> None:
    """At most `most` dates below the axes, as short as they can be told apart."""
    from matplotlib import dates

    locator = dates.AutoDateLocator(minticks=2, maxticks=most)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def by_step(errors: Sequence[np.ndarray], labels: Sequence[str], name: str) -> str:
    """The mean absolute error of each step ahead: a line for each fold, a thick one for all. `errors`: (horizon,)."""

    def draw(axes: Axes) -> None:
        steps = np.arange(1, max(map(len, errors)) + 1)
        for error, label in zip(errors, labels, strict=True):
            axes.plot(steps[: len(error)], error, marker=".", linewidth=0.8, alpha=0.8, label=label)
        whole = [e for e in errors if len(e) == len(steps)]
        axes.plot(steps, np.mean(whole, axis=0), color=INK, linewidth=2.0, label="all folds")
        axes.set_xlabel("steps ahead")
        axes.set_ylabel("mean absolute error")
        axes.set_title(name)
        axes.set_ylim(bottom=0)
        axes.locator_params(axis="x", integer=True)
        above(axes)

    return drawn(draw, (9.0, 2.8))


def residuals(times: np.ndarray, values: np.ndarray, correlations: np.ndarray, count: int) -> str:
    """Three views of actual - forecast: how often, when (the mean of a stamp), and how alike neighbours are."""

    def draw(axes: Any) -> None:
        finite = np.isfinite(values)
        axes[0].hist(values[finite], bins=_edges(values[finite]), color=OTHER)
        axes[0].axvline(0, color=INK, linewidth=0.8)
        axes[0].set_title("Distribution")
        order, at = np.unique(times[finite], return_inverse=True)
        mean = np.bincount(at, values[finite]) / np.bincount(at)
        axes[1].plot(stamps(order), mean, ".", color=OTHER, markersize=4)
        axes[1].axhline(0, color=INK, linewidth=0.8)
        axes[1].set_title("Over time (mean of each stamp)")
        dated(axes[1], most=5)
        axes[2].bar(np.arange(1, len(correlations) + 1), correlations, color=OTHER, width=0.6)
        bound = 1.96 / np.sqrt(max(count, 1))
        axes[2].axhspan(-bound, bound, color=INK, alpha=0.1, linewidth=0)
        axes[2].axhline(0, color=INK, linewidth=0.8)
        axes[2].set_ylim(-1, 1)
        axes[2].set_title("Autocorrelation by steps apart")

    return drawn(draw, (9.0, 2.6), columns=3)


def _edges(values: np.ndarray) -> np.ndarray:
    """Those of the bins of a histogram."""
    try:
        return np.histogram_bin_edges(values, min(40, max(5, int(np.sqrt(len(values))))))
    except ValueError:  # all alike, and so large that nothing lies between them
        return values[0] + abs(values[0]) * np.array([-0.5, 0.5])


def autocorrelation(rows: Sequence[np.ndarray]) -> tuple[np.ndarray, int]:
    """Of residuals (series, horizon) one fold each, along their steps, and how many of them there are.

    sum(r_t r_(t+k)) / sum(r_t^2) over all rows, for k = 1 ... up to half a horizon, `APART` at most, the row's mean
    taken off first.
    """
    horizon = min(r.shape[1] for r in rows)
    lags = range(1, min(APART, horizon // 2) + 1)
    above, below, count = np.zeros(len(lags)), 0.0, 0
    for fold in rows:
        finite = np.isfinite(fold)
        mean = np.where(finite, fold, 0).sum(axis=1, keepdims=True) / np.maximum(finite.sum(axis=1, keepdims=True), 1)
        centred = np.where(finite, fold - mean, 0)
        below, count = below + float((centred**2).sum()), count + int(finite.sum())
        above += [float((centred[:, k:] * centred[:, :-k]).sum()) for k in lags]
    return above / below if below > 0 else above, count
