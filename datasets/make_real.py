"""Write the real series of this folder from the copies that statsmodels and pmdarima ship. See README.md."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent


def tables() -> dict[str, pd.DataFrame]:
    from pmdarima import datasets as pmdarima
    from statsmodels import datasets as statsmodels

    co2 = statsmodels.co2.load_pandas().data["co2"]
    sunspots = statsmodels.sunspots.load_pandas().data
    macro = statsmodels.macrodata.load_pandas().data
    elnino = statsmodels.elnino.load_pandas().data.set_index("YEAR").stack()
    months = pd.date_range(f"{elnino.index[0][0]:.0f}-01-01", periods=len(elnino), freq="MS")
    named = [f"{year:.0f}Q{quarter:.0f}" for year, quarter in zip(macro["year"], macro["quarter"], strict=True)]
    quarters = pd.PeriodIndex(named, freq="Q").to_timestamp()
    columns = {"realgdp": "gdp", "realcons": "consumption", "realinv": "investment", "realgovt": "government"}
    wide = macro[list(columns)].rename(columns=columns).assign(quarter=quarters)
    halves = pd.date_range("2000-06-05", periods=4032, freq="30min")
    return {
        "air_passengers_monthly": pd.DataFrame(
            {"month": pd.date_range("1949-01-01", periods=144, freq="MS"),
             "passengers": pmdarima.load_airpassengers().astype(int)}
        ),
        "co2_weekly": pd.DataFrame({"week": co2.index, "ppm": co2.to_numpy()}),
        "demand_half_hourly": pd.DataFrame({"time": halves, "megawatts": pmdarima.load_taylor().astype(int)}),
        "elnino_monthly": pd.DataFrame({"month": months, "celsius": elnino.to_numpy()}),
        "macro_quarterly": wide.melt("quarter", var_name="series", value_name="billions")[
            ["series", "quarter", "billions"]
        ],
        "sunspots_yearly": pd.DataFrame(
            {"year": sunspots["YEAR"].astype(int), "sunspots": sunspots["SUNACTIVITY"]}
        ),
    }  # fmt: skip


if __name__ == "__main__":
    for name, table in tables().items():
        table.to_csv(HERE / f"{name}.csv", index=False, lineterminator="\n")
