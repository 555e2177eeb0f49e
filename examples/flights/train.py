"""A gradient-boosting classifier of late arrival, trained on January to March."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import precision_recall_curve
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from flights.data import CATEGORIES, FEATURES

TRAINED_UNTIL = pd.Timestamp("2013-04-01", tz="UTC")


def predict_year(flights: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """Scores and predictions for every flight, and the threshold between the classes.

    The months of training are scored by cross-validation, so that the reference shows what the
    model can do on flights that it has not seen.

    Returns
    -------
    flights
        With `score` (the probability of coming late) and `prediction` ("1" or "0") added.
    threshold
        The score at and above which a flight is called late: the best F1 on the reference.
    """
    table = flights.assign(**{name: flights[name].astype("category") for name in CATEGORIES})
    training = table["time"].lt(TRAINED_UNTIL) & table["late"].notna()
    truth = table.loc[training, "late"].eq("1").astype(int)
    model = HistGradientBoostingClassifier(
        max_iter=80, learning_rate=0.15, categorical_features="from_dtype", random_state=0
    )
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    unseen = cross_val_predict(
        model, table.loc[training, FEATURES], truth, cv=folds, method="predict_proba"
    )[:, 1]
    model.fit(table.loc[training, FEATURES], truth)
    score = model.predict_proba(table[FEATURES])[:, 1]
    score[training.to_numpy()] = unseen
    threshold = _best_threshold(truth.to_numpy(), unseen)
    called = pd.Series(np.where(score >= threshold, "1", "0"), index=flights.index, dtype="string")
    return flights.assign(score=score, prediction=called), threshold


def _best_threshold(truth: np.ndarray, score: np.ndarray) -> float:
    precision, recall, thresholds = precision_recall_curve(truth, score)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return round(float(thresholds[f1[:-1].argmax()]), 3)
