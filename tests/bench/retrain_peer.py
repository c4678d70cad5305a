"""The peer of ``make bench NAME=retrain``: the same learning, bare; polars and xgboost only."""

import sys
from hashlib import sha256
from typing import Any

import numpy as np
import polars as pl
import xgboost as xgb

Array = np.ndarray[Any, Any]
BASE: dict[str, Any] = {"subsample": 0.5, "colsample_bytree": 0.3, "max_bin": 64, "nthread": 2}
SENSORS = [pl.col(f"column_{n}") for n in (6, 7, 8, 11, 12, 13, 15, 16, 17, 18, 19, 21, 24, 25)]
UNIT, REGIME = "column_0", pl.struct(pl.col("column_2").round(0), pl.col("column_3").round(1))
raw = pl.read_csv(sys.argv[1], separator=" ", has_header=False, infer_schema_length=None)
t = raw["column_1"].to_numpy()
y = raw.select(pl.col("column_1").max().over(UNIT))["column_1"].to_numpy() - t
fold = np.array([int(sha256(f"PHM08/{v}".encode()).hexdigest(), 16) % 5 for v in y + t])


def features(
    rows: Array,
) -> Array:  # fourteen sensors, normalised on some rows, twelve numbers each
    seen = raw.with_columns(seen=pl.Series(rows))
    z = seen.with_columns(x - x.filter("seen").mean().over(REGIME) for x in SENSORS)
    past = [x.rolling_mean(w, min_samples=1) for w in (5, 10, 20, 40, 80) for x in SENSORS]
    past += [x.rolling_std(w, min_samples=1) for w in (10, 20, 40) for x in SENSORS]
    past += [x.shift(w) for w in (0, 5, 20, 40) for x in SENSORS]
    wide = [x.over(UNIT).cast(pl.Float32).alias(str(i)) for i, x in enumerate(past)]
    return z.select(wide).to_numpy()


def learn(x: Array, label: Array, rows: Array, rounds: int, **own: Any) -> xgb.Booster:
    data = xgb.QuantileDMatrix(x[rows], label[rows], max_bin=64)
    return xgb.train({**BASE, "eta": 12 / rounds, "max_depth": 4, **own}, data, rounds)


def fit(x: Array, rows: Array, seeds: int) -> list[xgb.Booster]:
    thin, near = rows & (t % 2 == 0), rows & ((y < 60) | (t % 6 == 0))
    models = [learn(x, np.minimum(y, 125), thin, 200, max_depth=6, seed=s) for s in range(seeds)]
    models.append(learn(x, y < 20, near, 200, objective="binary:logistic"))
    return [*models, learn(x, y, thin & (y < 200), 120)]


life, inputs = np.zeros(len(y)), [features(fold != held) for held in range(6)]
for held in range(5):
    own = fold == held
    life[own] = fit(inputs[held], ~own, 1)[0].inplace_predict(inputs[held][own])
models, wrong = fit(inputs[5], fold >= 0, 4), np.abs(life - np.minimum(y, 125))
for held, x in enumerate(inputs):
    rows = (fold != held) & (t % 4 == 0) & (y < 200)
    models.append(learn(np.column_stack([x, life]), wrong, rows, 60))
for index, model in enumerate(models):
    model.save_model(f"{sys.argv[2]}/{index}.ubj")
