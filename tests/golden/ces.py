"""How ces.json was made, by statsforecast 2.1.1 in an environment of its own:

python tests/golden/ces.py > tests/golden/ces.json
"""

import json

import numpy as np
from statsforecast.ces import initstate, pegelsresid_ces

rows = np.arange(72)
y = np.round(100 + 2 * rows + 15 * np.sin(rows * np.pi / 6) + 5 * np.cos(rows**2), 1)
cases = []
for model, kind in enumerate("NSPF"):
    for weights in ([1.3, 1.0, 0.1, 1.0], [0.9, 1.05, 0.4, 0.8], [1.6, 0.9, 0.2, 0.7]):
        beta = {"N": [np.nan, np.nan], "S": [np.nan, np.nan], "P": [weights[2], np.nan], "F": weights[2:]}[kind]
        states = initstate(y, 1 if kind == "N" else 12, kind)
        fit = pegelsresid_ces(y, 1 if kind == "N" else 12, states, states.shape[1], kind, *weights[:2], *beta, 3)
        cases.append({"model": model, "weights": weights, "squares": float(np.exp(fit[3] / len(y)))})
print(json.dumps({"y": y.tolist(), "season": 12, "cases": cases}, indent=1))
