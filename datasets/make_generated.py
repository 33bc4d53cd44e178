"""Write generated_retail_weekly.csv: invented sales of 6 stores and 4 products, the same at every run.

The logarithm of sales is a level of the store and of the product, a trend, a yearly season of the product, an effect of
the price, of promotions, and of the weeks of some holidays, and noise that lasts for some weeks.
"""

from __future__ import annotations

import csv
import math
import random
from datetime import date, timedelta
from pathlib import Path

STORES = {"Harbour": 1.3, "Market Square": 1.0, "Old Mill": 0.7, "Station": 1.1, "Riverside": 0.9, "Hilltop": 0.5}
SIZES = {"Harbour": 2400, "Market Square": 1500, "Old Mill": 800, "Station": 1200, "Riverside": 1100, "Hilltop": 450}
# level, price, price elasticity, lift of a promotion, height and week of the yearly season
PRODUCTS = {
    "juice": (180.0, 2.49, -1.8, 0.45, 0.15, 26),
    "coffee": (120.0, 5.99, -1.2, 0.35, 0.10, 2),
    "ice cream": (90.0, 3.79, -1.5, 0.50, 0.70, 28),
    "soup": (100.0, 1.99, -1.1, 0.30, 0.45, 3),
}
START, WEEKS, SEED = date(2021, 1, 3), 168, 20240607


def holiday(week: date) -> float:
    """What the week that ends on this Sunday sells more, in logs."""
    days = {(week - timedelta(days=i)).timetuple()[1:3] for i in range(7)}
    effects = {(12, 24): 0.40, (12, 31): 0.15, (7, 4): 0.20, (11, 26): 0.25, (1, 1): -0.10}
    return sum(effect for day, effect in effects.items() if day in days)


def rows() -> list[tuple[str, str, str, int, str, int, int]]:
    chance = random.Random(SEED)
    found = []
    for store, busy in STORES.items():
        for product, (level, list_price, elasticity, lift, height, peak) in PRODUCTS.items():
            growth, lasting, price = chance.gauss(0.0006, 0.0008), 0.0, list_price
            for i in range(WEEKS):
                week = START + timedelta(weeks=i)
                if i % 26 == 0 and i > 0:
                    price = round(price * (1 + chance.choice([0.0, 0.03, 0.05])), 2)
                promotion = int(chance.random() < 0.12)
                paid = round(price * (0.8 if promotion else 1.0), 2)
                lasting = 0.6 * lasting + chance.gauss(0, 0.06)
                season = height * math.cos(2 * math.pi * (week.timetuple().tm_yday / 7 - peak) / 52.18)
                size = math.log(level * busy) + growth * i + season + holiday(week) + lasting
                size += elasticity * math.log(paid / list_price) + lift * promotion + chance.gauss(0, 0.05)
                found.append(
                    (store, product, week.isoformat(), round(math.exp(size)), f"{paid:.2f}", promotion, SIZES[store])
                )
    return found


if __name__ == "__main__":
    with open(Path(__file__).parent / "generated_retail_weekly.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["store", "product", "week", "sales", "price", "promotion", "size"])
        writer.writerows(rows())
