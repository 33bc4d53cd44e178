"""Tcn: a temporal convolutional network on windows of all series, every step of the horizon at once, with quantiles."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

import numpy as np

from featurizers.arrays import Array, State, namespace, window_of
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from learners.bands import bounds
from learners.cycles import HARMONICS, cycles_of, waves
from learners.learner import Learner, Model
from learners.maps import Maps, fitted_maps, shared
from learners.network import SEASONS, Inputs, Shape, field_of_view, forward, scaled
from learners.network_settings import check_network
from learners.windows import gathered_rows, learnable, standards

SERIES = "tcn.series"


@dataclass(frozen=True)
class Tcn(Learner):
    """A direct multi-step network (learners/network.py), trained with torch, forecast without it.

    Each window is scaled by its own level and spread, so that series of any size, new ones too, share one network.
    `known`, `past`, `static` name columns to read, numeric or categorical; `categories` names more of them, of any
    role. `calendar` lists cycles of the clock: "hour" (and minute), "weekday", "dayofyear"; "auto": those that suit.
    `window` "auto" covers four of the shortest seasons (104 steps at most) and twice the horizon; beside it, it
    reads four of the longest seasons for their seasonal values. `layers` "auto" covers the window. An epoch has 20 to
    50 batches, however many windows there are. The last rows of each series are held out, to stop early. The forecast
    is the median; `levels` are bands, in percent. `device` is torch's ("auto": the GPU where there is one). With
    `max_seconds` it trains as many steps as fit, so that the result depends on the machine. With `local`, long series,
    where these are few, have a linear map of their own too (learners/maps.py): up to half of the forecast, by what
    the rows held out say. A graph of it then asks for all rows since training, not only the last of them.

    >>> learner = Tcn(horizon=14, known=("price",), static=("size",), categories=("region",), levels=(80, 95))
    """

    horizon: int
    window: int | Literal["auto"] = "auto"
    channels: int = 32
    layers: int | Literal["auto"] = "auto"
    kernel: int = 3
    dropout: float = 0.2
    levels: tuple[int, ...] = (80,)
    epochs: int = 40
    patience: int = 12
    batch: int = 64
    learning_rate: float = 2e-3
    known: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    calendar: tuple[str, ...] | Literal["auto"] = "auto"
    seed: int = 0
    device: str = "auto"
    max_seconds: float | None = None
    local: bool = True
    imports: ClassVar[tuple[str, ...]] = ("learners.descent",)

    def train(self, panel: Panel) -> TcnModel:
        """ValueError where no series is longer than the horizon by two rows, or a setting does not fit."""
        recipe = self.resolve(panel)
        columns = Columns.of(recipe, panel)
        shape = _shape(recipe, columns, panel)
        blank = TcnModel(shape, columns, tuple(recipe.calendar), standards(panel, columns.numeric), {})
        from learners.descent import Budget, descend

        training, held = learnable(panel, shape)
        maps = fitted_maps(panel, shape, training, recipe.max_seconds) if recipe.local and len(held) else None
        steps = int(np.clip(len(training) // recipe.batch, 20, 50))
        budget = Budget(
            recipe.epochs, steps, recipe.patience, recipe.batch,
            recipe.learning_rate, recipe.dropout, recipe.seed, _device(recipe.device), recipe.max_seconds,
        )  # fmt: skip
        weights, medians = descend(shape, gathered_rows(panel, blank), training, held, budget)
        return replace(blank, weights=weights, maps=shared(maps, panel, shape, training, held, medians))

    def resolve(self, panel: Panel) -> Tcn:
        """The same recipe with every 'auto' (but the device) written out."""
        check_network(self, panel)
        seasons, longest = panel.freq.seasons, int(panel.lengths.max(initial=0))
        wanted = max(2 * self.horizon, min(4 * seasons[0], 104), 16)
        window = min(wanted, max(longest - self.horizon, 1)) if self.window == "auto" else self.window
        layers = self.layers
        if layers == "auto":
            layers = next(n for n in range(1, 64) if field_of_view(n, self.kernel) >= window)
        calendar = cycles_of(panel) if self.calendar == "auto" else tuple(self.calendar)
        return replace(self, window=window, layers=layers, calendar=calendar)


@dataclass(frozen=True)
class Columns:
    """The columns that a network reads, by role, numbers and categories apart."""

    known: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    known_codes: tuple[str, ...] = ()
    past_codes: tuple[str, ...] = ()
    static_codes: tuple[str, ...] = ()

    @property
    def numeric(self) -> tuple[str, ...]:
        return self.known + self.past + self.static

    @property
    def ahead(self) -> tuple[str, ...]:
        return self.known + self.known_codes

    @property
    def behind(self) -> tuple[str, ...]:
        return self.ahead + self.past + self.past_codes

    @classmethod
    def of(cls, recipe: Tcn, panel: Panel) -> Columns:
        """ValueError where a column is not there, or its role in the panel is another."""
        named = {role: list(getattr(recipe, role)) for role in ("known", "past", "static")}
        for name in recipe.categories:
            role = panel.roles.get(name)
            if role is None or name not in panel.levels:
                raise ValueError(f"The network is to read the category {name!r}, but the panel has none of this name; "
                                 f"its categories are {sorted(panel.levels)}.")  # fmt: skip
            named[role].append(name)
        found: dict[str, tuple[str, ...]] = {}
        for role, names in named.items():
            for name in names:
                mine = panel.roles.get(name)
                if mine is None:
                    raise ValueError(f"The network is to read {name!r}, but the panel has no such column; "
                                     f"it has {sorted(panel.roles)}.")  # fmt: skip
                if mine != role and not (role == "past" and mine == "known"):
                    raise ValueError(f"The network is to read {name!r} as {role}, but in the panel it is {mine}.")
            unique = tuple(dict.fromkeys(names))
            found[role] = tuple(n for n in unique if n not in panel.levels)
            found[f"{role}_codes"] = tuple(n for n in unique if n in panel.levels)
        return cls(**found)


@dataclass(frozen=True, eq=False)
class TcnModel(Model):
    shape: Shape
    columns: Columns
    calendar: tuple[str, ...]
    standards: dict[str, tuple[float, float]]  # column -> mean and deviation in training
    weights: dict[str, np.ndarray] = field(repr=False)  # float32, by name
    maps: Maps | None = None  # of single series

    @property
    def needs(self) -> Needs:
        columns = self.columns
        ahead = columns.ahead + columns.static + columns.static_codes
        return Needs(self.shape.reach, (*columns.behind, "time"), ahead)

    @property
    def single(self) -> bool:
        return True

    def memory(self, panel: Panel) -> State:
        return {} if self.maps is None else {SERIES: self.maps.codes(panel)}

    def remember(self, state: State, now: State) -> State:
        return {} if self.maps is None else {SERIES: state[SERIES]}

    def predict(self, state: State, future: State) -> State:
        """A horizon beyond that of training goes on from the median; columns not known ahead are missing there. What
        the bands are wide at the end of one block adds to those of the next, as independent errors do."""
        xp, horizon, size = namespace(state["target"]), future["time"].shape[1], self.shape.horizon
        kept = self.remember(state, {})
        blocks: list[list[Array]] = []
        for begin in range(0, horizon, size):
            rows = {name: values[:, begin : begin + size] for name, values in future.items()}
            block = self._block(state, rows)
            if blocks:
                block = self._wider(block, [quantile[:, -1:] for quantile in blocks[-1]])
            blocks.append(block)
            if begin + size < horizon:
                state = self._further(state, rows, block[self.shape.median]) | kept
        found = [xp.concat([block[i] for block in blocks], axis=1) for i in range(len(self.shape.quantiles))]
        outputs = {"forecast": found[self.shape.median]}
        for i, quantile in enumerate(self.shape.quantiles[: self.shape.median]):
            lower, upper = bounds(round(100 * (1 - 2 * quantile), 6))
            outputs |= {lower: found[i], upper: found[-1 - i]}
        return outputs

    def _wider(self, block: list[Array], last: list[Array]) -> list[Array]:
        """The quantiles of a block that follows on one with these at its `last` step."""
        xp, at = namespace(block[0]), self.shape.median
        apart = [(q - block[at], further - last[at]) for q, further in zip(block, last, strict=True)]
        widths = [xp.sqrt(own * own + further * further) for own, further in apart]
        return [block[at] + (width if i > at else -width) for i, width in enumerate(widths)]

    def _block(self, state: State, future: State) -> list[Array]:
        """The quantiles of up to `shape.horizon` steps, (series, steps) each, in the target's own size."""
        columns, size = self.columns, self.shape.window
        past = {name: state[window_of(name)][:, -size:] for name in ("time", *columns.behind)}
        xp = namespace(past["time"])
        target, seen, level, scale = scaled(xp, state["target"][:, -self.shape.reach :], size)
        static = [xp.where(xp.isnan(v), 0.0, v) for v in (self.standard(n, future[n][:, 0]) for n in columns.static)]
        inputs = Inputs(
            xp.astype(target, xp.float32),
            xp.astype(seen, xp.float32),
            xp.concat([self.known(past), self.numbers(columns.past, past)], axis=2),
            self.known(future),
            xp.astype(xp.stack([level[:, 0] * 0.0, *static], axis=1), xp.float32)[:, 1:],
            tuple(past[n] for n in (*columns.known_codes, *columns.past_codes)),
            tuple(future[n] for n in columns.known_codes),
            tuple(future[n][:, 0] for n in columns.static_codes),
        )
        found = forward(self.weights, self.shape, inputs)
        if self.maps is not None:
            moves = self.maps.moves(state[SERIES], inputs.target, seen, found[self.shape.median], self.shape.horizon)
            found = [quantile + moves for quantile in found]
        return [level + scale * xp.astype(quantile, xp.float64) for quantile in found]

    def _further(self, state: State, rows: State, median: Array) -> State:
        """The windows after a block that has been forecast."""
        xp, columns = namespace(median), self.columns
        new = {"target": median, "time": rows["time"]} | {n: rows[n] for n in columns.ahead}
        new |= dict.fromkeys(columns.past, median * np.nan)
        new |= dict.fromkeys(columns.past_codes, rows["time"] * 0 - 1)
        return {(at := window_of(name)): xp.concat([state[at], values], axis=1) for name, values in new.items()}

    # ---- columns as the network sees them -----------------------------------------------------

    def known(self, rows: State) -> Array:
        """Known columns and the calendar of `rows`, (series, steps, columns) float32."""
        xp = namespace(rows["time"])
        cycles = [wave for name in self.calendar for wave in waves(name, rows["time"])]
        parts = [self.numbers(self.columns.known, rows)]
        if cycles:
            parts.append(xp.astype(xp.stack(cycles, axis=2), xp.float32))
        return xp.concat(parts, axis=2)

    def numbers(self, names: tuple[str, ...], rows: State) -> Array:
        """Numeric columns in standard units, 0 where missing, (series, steps, columns) float32."""
        xp = namespace(rows["time"])
        found = [self.standard(name, rows[name]) for name in names]
        found = [xp.where(xp.isnan(values), 0.0, values) for values in found]
        # A first column of nothing, taken away again, so that no columns have a shape too.
        nothing = xp.astype(rows["time"] * 0, xp.float64)
        return xp.astype(xp.stack([nothing, *found], axis=2), xp.float32)[:, :, 1:]

    def standard(self, name: str, values: Array) -> Array:
        mean, deviation = self.standards[name]
        return (values - mean) / deviation


def _shape(recipe: Tcn, columns: Columns, panel: Panel) -> Shape:
    window, layers = recipe.window, recipe.layers
    if window == "auto" or layers == "auto":
        raise TypeError("The settings of Tcn are resolved before its sizes are.")
    longest = max(int(panel.lengths.max()) - recipe.horizon, 1)
    reach = max(window, min(SEASONS * panel.freq.seasons[-1], longest))
    tails = sorted({(100 - level) / 200 for level in recipe.levels})
    known = len(columns.known) + 2 * HARMONICS * len(recipe.calendar)
    sizes = {place: tuple(len(panel.levels[n]) for n in getattr(columns, f"{place}_codes"))
             for place in ("known", "past", "static")}  # fmt: skip
    return Shape(
        horizon=recipe.horizon,
        window=window,
        reach=reach,
        channels=recipe.channels,
        layers=layers,
        kernel=recipe.kernel,
        periods=tuple(p for p in panel.freq.seasons if 1 < p <= reach),
        quantiles=(*tails, 0.5, *((100 + level) / 200 for level in sorted(set(recipe.levels)))),
        behind=known + len(columns.past),
        ahead=known,
        static=len(columns.static),
        behind_levels=sizes["known"] + sizes["past"],
        ahead_levels=sizes["known"],
        static_levels=sizes["static"],
    )


def _device(name: str) -> str:
    if name != "auto":
        return name
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
