"""Adam against torch's own optimizer and schedule, and what importing it must not bring along."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from learners.adam import Adam, one_cycle

START = {
    "a": np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32),
    "b": np.zeros(3, np.float32),
    "mix": np.ones((2, 3), np.float32),
}
X, Y = (np.random.default_rng(k).normal(size=(50, n)).astype(np.float32) for k, n in ((1, 4), (2, 3)))


def loss(w: dict[str, torch.Tensor]) -> torch.Tensor:
    return 5 * ((torch.tensor(X) @ w["a"] + w["b"] + w["mix"].sum(0) - torch.tensor(Y)) ** 2).mean()


def test_steps_are_those_of_torch() -> None:
    ours = Adam(START, "cpu", free=("mix",))
    theirs = {n: torch.tensor(v, requires_grad=True) for n, v in START.items()}
    heavy, light = [theirs["a"]], [theirs["b"], theirs["mix"]]
    groups = [{"params": heavy, "weight_decay": 1e-2}, {"params": light, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=0.02, betas=(0.9, 0.99))
    for _ in range(40):
        loss(ours.weights).backward()
        ours.step(0.02)
        optimizer.zero_grad()
        loss(theirs).backward()
        torch.nn.utils.clip_grad_norm_(list(theirs.values()), 1.0)
        optimizer.step()
    for name, value in ours.weights.items():
        assert np.abs(START[name] - value.detach().numpy()).max() > 0.1
        np.testing.assert_allclose(value.detach(), theirs[name].detach(), atol=1e-5)


@pytest.mark.parametrize("steps", [20, 41, 1000])
def test_the_rate_and_the_momentum_are_those_of_torchs_schedule(steps: int) -> None:
    optimizer = torch.optim.AdamW([torch.zeros(2, requires_grad=True)], lr=0.5)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.5, total_steps=steps, pct_start=0.15)
    for step in range(steps):
        rate, momentum = one_cycle(step, steps)
        group = optimizer.param_groups[0]
        assert 0.5 * rate == pytest.approx(group["lr"], rel=1e-6, abs=1e-12)
        assert momentum == pytest.approx(group["betas"][0])
        optimizer.step()
        if step < steps - 1:
            schedule.step()


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_few_steps_have_rates_too(steps: int) -> None:
    rates = np.array([one_cycle(k, steps) for k in range(steps)])
    assert np.isfinite(rates).all()
    assert rates[:, 0].max() <= 1
    assert rates[:, 0].min() > 0


def test_training_a_network_does_not_import_torchs_compiler() -> None:
    program = """
import sys
import numpy as np, pandas as pd
import forecast as fc
y = np.arange(60) % 7 + 10.0
panel = fc.Panel.read(pd.DataFrame({"t": pd.date_range("2024", periods=60), "y": y}), time="t", target="y")
fc.Tcn(7, epochs=1, max_seconds=1.0).fit(panel)
print([name for name in ("torch._dynamo", "torch._inductor", "sympy") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
