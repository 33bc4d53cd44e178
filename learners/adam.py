"""Adam: steps down a gradient. That of `torch.optim` imports torch's compiler, which takes 3 seconds."""

from __future__ import annotations

from collections.abc import Mapping
from math import cos, pi, prod, sqrt
from typing import Any

import torch

DECAY = 1e-2  # of weights, a step at a learning rate of 1
MEMORY, TINY = 0.99, 1e-8  # of squared gradients; what is added to their root
STEEPEST = 1.0  # norm of the gradient: a longer one is shortened
RISE, LOW, LAST = 0.15, 1 / 25, 4e-6  # share of the steps in which the rate rises, its first and last value
FAST, SLOW = 0.85, 0.95  # memory of the gradient at the highest rate, and at the ends


class Adam:
    """Weights as one vector with its gradient, and what Adam remembers of earlier gradients.

    `free` of decay are single weights, by name; vectors are anyway.
    Source: Loshchilov & Hutter, Decoupled weight decay regularization, ICLR 2019, algorithm 2.
    """

    def __init__(self, start: Mapping[str, Any], device: Any, free: tuple[str, ...] = ()) -> None:
        self.shapes = {name: tuple(values.shape) for name, values in start.items()}
        parts = [torch.as_tensor(values, device=device).reshape(-1) for values in start.values()]
        heavy = [len(shape) > 1 and name not in free for name, shape in self.shapes.items()]
        self.vector = torch.cat(parts).requires_grad_()
        self.decay = torch.cat([torch.full_like(p, DECAY * h) for p, h in zip(parts, heavy, strict=True)])
        self.mean, self.square = torch.zeros_like(self.vector), torch.zeros_like(self.vector)
        self.fading, self.done = 1.0, 0  # what of the zeros that `mean` began with is left

    @property
    def weights(self) -> dict[str, Any]:
        """By name, on the way to whose loss the gradient of the vector is found."""
        return self.named(self.vector)

    def named(self, vector: Any) -> dict[str, Any]:
        """The parts of a vector as long as that of the weights."""
        parts = vector.split([prod(shape) for shape in self.shapes.values()])
        return {name: part.reshape(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}

    def step(self, rate: float, momentum: float = 0.9) -> None:
        """One step against the gradient of the vector, which is then forgotten."""
        gradient, vector = self.vector.grad, self.vector.detach()
        gradient.mul_((STEEPEST / (gradient.norm() + 1e-6)).clamp(max=1.0))
        self.done += 1
        self.fading *= momentum
        self.mean.lerp_(gradient, 1 - momentum)
        self.square.mul_(MEMORY).addcmul_(gradient, gradient, value=1 - MEMORY)
        size = self.square.sqrt().div_(sqrt(1 - MEMORY**self.done)).add_(TINY)
        vector.sub_(rate * self.decay * vector).addcdiv_(self.mean, size, value=-rate / (1 - self.fading))
        self.vector.grad = None


def one_cycle(step: int, steps: int) -> tuple[float, float]:
    """The learning rate of step 0, 1 ... of `steps`, over the highest one, and the momentum: up in a while and down
    again, along cosines.

    Source: Smith & Topin, Super-convergence, 2018 (arXiv:1708.07120); values of torch's OneCycleLR.
    """
    top, end = max(RISE * steps - 1, 0.0), max(steps - 1.0, 1.0)
    up = step <= top
    share = (step / top if top > 0 else 1.0) if up else (step - top) / max(end - top, 1.0)
    far = (1 - cos(pi * min(share, 1.0))) / 2
    if up:
        return LOW + (1 - LOW) * far, SLOW + (FAST - SLOW) * far
    return 1 + (LAST - 1) * far, FAST + (SLOW - FAST) * far
