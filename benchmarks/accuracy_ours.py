"""Our side of accuracy.py: `fc.run` with its defaults."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from accuracy_side import LEVELS, Answer, Task, main


def answer(task: Task) -> Answer:
    import pandas as pd

    import forecast as fc

    limit = {"time_limit": task.limit} if task.clock == "wall" and task.limit is not None else {}
    ahead = {"known_future": task.future} if task.known else {}
    found = fc.run(task.train, id="unique_id", time="ds", target="y", freq=task.freq, horizon=task.horizon,
                   known=task.known, levels=LEVELS, progress=False, **limit, **ahead)  # fmt: skip
    table = found.forecasts.rename(columns={"forecast": "0.5"})
    ends = [(f"{side}{level}", 0.5 + sign * level / 200) for level in LEVELS for side, sign in (("lo", -1), ("hi", 1))]
    names = {name: f"{quantile:.1f}" for name, quantile in ends}
    board = found.leaderboard.frame()
    kept = Path(sys.argv[1]) / sys.argv[2]
    board.to_json(kept.with_suffix(".board.json"), orient="records", indent=1)
    notes = {"winner": found.winner, "recipe": repr(found.selection.recipe)[:20_000], "findings": str(found.findings)}
    kept.with_suffix(".notes.json").write_text(json.dumps(notes, indent=1))
    table = table.rename(columns=names)
    if "unique_id" not in table:
        table["unique_id"] = task.train["unique_id"].iloc[0]
    return {"ours": table.assign(ds=pd.to_datetime(table["ds"]))}


def prepare() -> None:
    import lightgbm  # noqa: F401

    import forecast
    import forecast.running  # noqa: F401


if __name__ == "__main__":
    main(answer, prepare)
