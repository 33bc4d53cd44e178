"""Descent: the network's weights found by gradient descent with torch, on windows drawn from all series."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from learners.adam import Adam, one_cycle
from learners.network import Inputs, Shape, forward, initial, scaled
from learners.windows import NetworkRows, Windows, shuffled

REMEMBERED = 25  # steps over which the weights are averaged
TRIED, FEWEST = 4, 8  # batches by which a step is timed; epochs at least, shorter ones if need be
SHARE = 0.7  # of the time for the schedule; the rest is for the windows held out
LITTLE = 0.2  # of the learning rate, for the last steps
UNDECAYED = ("mix",)  # the mix of seasonal values, a matrix that is not to be small
FARTHEST = 20.0  # scaled targets are clipped there: a jump after a constant window must not own the gradient


@dataclass(frozen=True)
class Budget:
    """How long to train, and how."""

    epochs: int
    steps: int  # batches in an epoch
    patience: int  # epochs without a better validation loss before it ends
    batch: int
    learning_rate: float
    dropout: float
    seed: int
    device: str
    max_seconds: float | None


def descend(
    shape: Shape, rows: NetworkRows, training: Windows, held: Windows, budget: Budget
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The weights with the smallest pinball loss on the windows `held` out, then taught with these as well (the last
    weights, if there are none); and the scaled medians (windows, horizon) of these before they were learned from."""
    device = torch.device(budget.device)
    with _quiet(budget):
        source = Source(shape, rows, device)
        adam = Adam(initial(shape, budget.seed), device, UNDECAYED)
        deadline = Deadline(budget.max_seconds)
        budget = _within(source, adam, training, budget)
        best = _walk(source, adam, training, held, budget, deadline)
        medians = _medians(source, best, held)
        best = _finish(source, best, training + held, budget, deadline) if len(held) else best
    return {name: value.cpu().numpy().copy() for name, value in best.items()}, medians


def _within(source: Source, adam: Adam, training: Windows, budget: Budget) -> Budget:
    """The same with as many epochs, or shorter ones, as `max_seconds` allow: a schedule must be walked to its end."""
    if budget.max_seconds is None:
        return budget
    batches, begun = shuffled(source.shape, training, budget.batch, budget.seed), 0.0
    for k in range(TRIED + 1):
        begun = time.monotonic() if k == 1 else begun  # the first one is slower
        source.loss(adam.weights, next(batches), Tensors(0.0, None))[0].backward()
    adam.vector.grad = None
    steps = int(SHARE * budget.max_seconds / max((time.monotonic() - begun) / TRIED, 1e-9))
    epochs = int(np.clip(steps // budget.steps, min(FEWEST, budget.epochs), budget.epochs))
    return replace(budget, epochs=epochs, steps=int(np.clip(steps // epochs, 1, budget.steps)))


def _walk(
    source: Source, adam: Adam, training: Windows, held: Windows, budget: Budget, deadline: Deadline
) -> dict[str, Any]:
    steps, still = budget.epochs * budget.steps, Tensors(0.0, None)
    drop = Tensors(budget.dropout, torch.Generator(source.device).manual_seed(budget.seed))
    batches = shuffled(source.shape, training, budget.batch, budget.seed)
    mean = best = adam.vector.detach().clone()
    least, waited = np.inf, 0
    for _ in range(budget.epochs):
        for _ in range(budget.steps):
            if not deadline.late:
                rate, momentum = one_cycle(adam.done, steps)
                _descend(source, adam, next(batches), drop)
                adam.step(budget.learning_rate * rate, momentum)
                # The moving average of the weights forecasts better than the last of them (Polyak & Juditsky 1992).
                mean = mean.lerp(adam.vector.detach(), max(1.0 / REMEMBERED, 2.0 / (adam.done + 1)))
        reached = _held_loss(source, adam.named(mean), held, still) if len(held) else -np.inf
        waited = 0 if reached < least else waited + 1
        if reached < least or len(held) == 0:
            best, least = mean, reached
        if deadline.late or waited >= budget.patience:
            break
    return adam.named(best)


def _finish(
    source: Source, best: dict[str, Any], windows: Windows, budget: Budget, deadline: Deadline
) -> dict[str, Any]:
    """A fifth of the steps more, small ones, with the windows that were held out: the newest tell most."""
    steps, adam = budget.epochs * budget.steps // 5, Adam(best, source.device, UNDECAYED)
    drop = Tensors(budget.dropout, torch.Generator(source.device).manual_seed(budget.seed))
    batches = shuffled(source.shape, windows, budget.batch, budget.seed)
    for k in range(steps):
        if not deadline.late:
            _descend(source, adam, next(batches), drop)
            adam.step(LITTLE * budget.learning_rate * (1.0 - k / steps))
    return adam.named(adam.vector.detach())


def _descend(source: Source, adam: Adam, batch: Windows, drop: Tensors) -> None:
    """The gradient of the loss of a batch."""
    loss, count = source.loss(adam.weights, batch, drop)
    (loss / count).backward()


class Deadline:
    """Whether the time is up."""

    def __init__(self, seconds: float | None) -> None:
        self.end = np.inf if seconds is None else time.monotonic() + seconds

    @property
    def late(self) -> bool:
        return time.monotonic() > self.end


def _held_loss(source: Source, weights: dict[str, Any], held: Windows, still: Tensors) -> float:
    total = count = 0.0
    with torch.no_grad():
        for piece in held.pieces():
            loss, known = source.loss(weights, piece, still)
            total, count = total + float(loss), count + float(known)
    return total / max(count, 1.0)


def _medians(source: Source, weights: dict[str, Any], held: Windows) -> np.ndarray:
    found, still = [np.zeros((0, source.shape.horizon), np.float32)], Tensors(0.0, None)
    with torch.no_grad():
        for piece in held.pieces():
            quantiles = forward(weights, source.shape, source.gather(piece, still)[0], still)
            found.append(quantiles[source.shape.median].cpu().numpy())
    return np.concatenate(found)


class Source:
    """The rows as tensors, from which batches of windows are gathered."""

    def __init__(self, shape: Shape, rows: NetworkRows, device: Any) -> None:
        self.shape, self.device = shape, device
        self.rows = {name: torch.as_tensor(values, device=device) for name, values in rows.__dict__.items()}
        self.quantiles = torch.tensor(shape.quantiles, dtype=torch.float32, device=device)

    def loss(self, weights: dict[str, Any], windows: Windows, operations: Tensors) -> tuple[Any, Any]:
        """The sum of the pinball loss over the known targets of `windows`, and how many these are."""
        inputs, actual, known = self.gather(windows, operations)
        found = torch.stack(forward(weights, self.shape, inputs, operations), 2)
        error = torch.where(known, actual, 0.0)[:, :, None] - found
        pinball = torch.maximum(self.quantiles * error, (self.quantiles - 1.0) * error)
        return 2.0 * (pinball.mean(2) * known).sum(), known.sum().clamp(min=1)

    def gather(self, windows: Windows, operations: Tensors) -> tuple[Inputs, Any, Any]:
        """The network's inputs, the scaled targets (windows, horizon) and which of them are known."""
        empty, rows = len(self.rows["target"]) - 1, self.rows
        past = windows.start[:, None] + np.arange(-self.shape.reach, 0)
        past = self._index(np.where(past >= windows.first[:, None], past, empty))
        next_ = self._index(windows.start[:, None] + np.arange(self.shape.horizon))
        series = self._index(windows.series)
        target, seen, level, scale = scaled(torch, rows["target"][past], self.shape.window)
        past = past[:, -self.shape.window :]
        actual = (rows["target"][next_] - level) / scale
        behind = torch.cat([rows["ahead"][past], rows["past"][past]], 2)
        inputs = Inputs(
            target.float(), seen.float(), behind, rows["ahead"][next_], rows["static"][series],
            (*self._codes("ahead", past, operations), *self._codes("past", past, operations)),
            self._codes("ahead", next_, operations), self._codes("static", series, operations),
        )  # fmt: skip
        return inputs, actual.clamp(-FARTHEST, FARTHEST).float(), ~torch.isnan(actual)

    def _codes(self, place: str, at: Any, operations: Tensors) -> tuple[Any, ...]:
        codes = self.rows[f"{place}_codes"]
        return tuple(operations.forget(codes[at, i]) for i in range(codes.shape[1]))

    def _index(self, at: np.ndarray) -> Any:
        return torch.as_tensor(at, device=self.device)


class Tensors:
    """`learners.network.Operations` on tensors, with dropout, faster than one formula after the other."""

    def __init__(self, dropout: float, random: Any) -> None:
        self.dropout, self.random = dropout, random

    def linear(self, x: Any, weight: Any, bias: Any = None) -> Any:
        return functional.linear(x, weight.t(), bias)

    def convolve(self, x: Any, weight: Any, bias: Any, stride: int) -> Any:
        taps, steps = weight.shape[0], x.shape[1]
        first = (steps - 1) % stride
        x = functional.pad(x, (0, 0, taps - 1, 0))
        side = torch.cat([x[:, first + j : first + j + steps - first : stride] for j in range(taps)], 2)
        return functional.linear(side, weight.reshape(-1, weight.shape[2]).t(), bias)

    def normalise(self, x: Any, gain: Any, bias: Any) -> Any:
        return functional.layer_norm(x, (x.shape[-1],), gain, bias, 1e-5)

    def relu(self, x: Any) -> Any:
        return functional.relu(x)

    def softplus(self, x: Any) -> Any:
        return functional.softplus(x)

    def drop(self, x: Any) -> Any:
        if self.dropout <= 0:
            return x
        # A channel is dropped at all steps of a window at once (Tompson et al. 2015, arXiv:1411.4280).
        size = (x.shape[0], *[1] * (x.ndim - 2), x.shape[-1])
        kept = torch.empty(size, dtype=x.dtype, device=x.device).bernoulli_(1.0 - self.dropout, generator=self.random)
        return x * (kept / (1.0 - self.dropout))

    def forget(self, codes: Any) -> Any:
        """Now and then a category is unknown, so that the network learns to do without it."""
        if self.dropout <= 0:
            return codes
        lost = torch.rand(codes.shape[0], generator=self.random, device=codes.device) < 0.05
        return torch.where(lost.reshape(-1, *[1] * (codes.ndim - 1)), -1, codes)

    def embed(self, table: Any, codes: Any) -> Any:
        return functional.embedding(codes + 1, table)

    def take(self, x: Any, at: np.ndarray) -> Any:
        return x[:, torch.as_tensor(at, device=x.device)]

    def maximum(self, x: Any, least: float) -> Any:
        return x.clamp(min=least)

    def total(self, x: Any, axis: int) -> Any:
        return x.sum(axis)

    def concat(self, parts: list[Any], axis: int) -> Any:
        return torch.cat(parts, axis)

    def stack(self, parts: list[Any], axis: int) -> Any:
        return torch.stack(parts, axis)

    def reshape(self, x: Any, shape: tuple[int, ...]) -> Any:
        return x.reshape(shape)


@contextmanager
def _quiet(budget: Budget) -> Iterator[None]:
    """One thread, and deterministic kernels on a GPU, while it trains; torch's settings are put back afterwards."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    warn_only, gpu = torch.is_deterministic_algorithms_warn_only_enabled(), budget.device.startswith("cuda")
    try:
        torch.set_num_threads(1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            if gpu:  # one thread of a CPU is deterministic anyway, and the call imports torch's compiler
                os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS asks for it
                torch.use_deterministic_algorithms(True, warn_only=True)
            yield
    finally:
        torch.set_num_threads(threads)
        if gpu:
            torch.use_deterministic_algorithms(strict, warn_only=warn_only)
