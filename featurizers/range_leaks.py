"""Range leaks: columns that tell in which range the target lies: whether it is high, or in which bin it is."""

from __future__ import annotations

import numpy as np

from featurizers.running_leaks import Neighbours

_FEWEST, _SOME, _EARLIER = 100, 25, 400  # rows that are needed, that a lag is seen in, and that a season may have
_EACH = 10  # rows of a bin, in the mean
_BORDER = 0.1  # of the spread of the target: how near to the border of a flag rows must lie
_CROWD = 0.02  # of the rows lie as near to it, on either side
_SWITCHES, _AGAIN = 0.05, 0.95  # of the rows: a flag switches in more, and repeats what it was a season ago in fewer
_WIDE = 0.95  # of the distances between two targets of a bin are less than those between bins usually may be


def ranges(rows: Neighbours, values: np.ndarray) -> int:
    """How many ranges of the target of a series `values` (rows,), numbers or codes, tell apart; 0 if they do not.

    What is honestly known, such as a shop that is closed or a promotion, leaves a gap between the targets of two
    values, some rows on the wrong side, or comes again with the season.
    """
    fine = np.isfinite(values) & np.isfinite(rows.y)
    kinds, code = np.unique(values[fine], return_inverse=True)
    if fine.sum() < max(_FEWEST, _EACH * len(kinds)) or len(kinds) < 2:
        return 0
    owner = np.unique(rows.series[fine], return_inverse=True)[1]
    y = rows.y[fine]
    apart = _bins(y, owner, code) if len(kinds) > 2 else any(_parts(y, owner, code == side) for side in (0, 1))
    return len(kinds) if apart and not _comes_again(rows, values) else 0


def _comes_again(rows: Neighbours, values: np.ndarray) -> bool:
    """Whether the values seldom switch, or are those of some rows before."""
    for lag in range(1, _EARLIER):
        switched = values - rows.before(values, lag)
        switched = switched[np.isfinite(switched)]
        share = (switched != 0).mean() if len(switched) >= _SOME else float(lag > 1)
        if share < (_SWITCHES if lag == 1 else 1 - _AGAIN):
            return True
    return False


def _bins(y: np.ndarray, owner: np.ndarray, code: np.ndarray) -> bool:
    """Whether the rows of each code lie side by side in the order of the target of every series, without gaps between
    them, but not in that of time, as those of a month do in a target that grows."""
    count = len(np.unique(owner * (code.max() + 1) + code))
    if 1 + _changes(owner, code).sum() < 3 * count:
        return False
    order = np.lexsort((code, y, owner))
    y, owner, code = y[order], owner[order], code[order]
    if 1 + _changes(owner, code).sum() > count:
        return False
    steps, inside = np.diff(y), np.diff(owner) == 0
    between, within = (steps[inside & (steps > 0) & side] for side in (np.diff(code) != 0, np.diff(code) == 0))
    return len(between) > 0 and (not len(within) or bool(np.median(between) <= np.quantile(within, _WIDE)))


def _changes(owner: np.ndarray, code: np.ndarray) -> np.ndarray:
    return np.asarray((np.diff(owner) != 0) | (np.diff(code) != 0))


def _parts(y: np.ndarray, owner: np.ndarray, high: np.ndarray) -> bool:
    """Whether the target of every series is above some value where `high`, and not elsewhere, and crowds around it."""
    count = int(owner.max()) + 1
    below, above = np.full(count, -np.inf), np.full(count, np.inf)
    np.maximum.at(below, owner[~high], y[~high])
    np.minimum.at(above, owner[high], y[high])
    both = np.isfinite(below) & np.isfinite(above)
    if (below >= above).any() or not both.any():
        return False
    size = np.bincount(owner)
    spread = np.sqrt(np.maximum(np.bincount(owner, y * y) / size - (np.bincount(owner, y) / size) ** 2, 0.0))
    told = both[owner]
    gap = (above - below)[owner][told] / np.maximum(spread[owner][told], 1e-300)
    if np.median(gap) > _BORDER:
        return False
    away = (y[told] - ((below + above) / 2)[owner[told]]) / np.maximum(spread[owner[told]], 1e-300)
    enough = max(_CROWD * len(away), 5)
    near = [away[(side * away > 0) & (side * away < _BORDER)] for side in (1, -1)]
    return all(len(part) >= enough and len(np.unique(np.round(part, 9))) > len(part) / 4 for part in near)
