"""A gradient-boosting classifier of late arrival, trained on January to March."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import precision_recall_curve
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from flights.data import CATEGORIES, FEATURES

TRAINED_UNTIL = pd.Timestamp("2013-04-01", tz="UTC")


@dataclass(frozen=True, slots=True)
class Trained:
    """The model, and the months that it was accepted on.

    Attributes
    ----------
    classifier
        Gives the probability of coming late.
    categories
        The categories of each column that it knows.
    threshold
        The score at and above which a flight is called late: the best F1 on the reference.
    reference
        January to March with `score` and `prediction`, each month scored by a model that has not
        seen its flights, so that the reference shows what the model can do.
    """

    classifier: HistGradientBoostingClassifier
    categories: dict[str, pd.CategoricalDtype]
    threshold: float
    reference: pd.DataFrame

    def predict(self, flights: pd.DataFrame) -> pd.DataFrame:
        """Flights with `score` (the probability of coming late) and `prediction` ("1" or "0")."""
        score = self.classifier.predict_proba(flights[FEATURES].astype(self.categories))[:, 1]
        return with_scores(flights, score, self.threshold)


def train(flights: pd.DataFrame) -> Trained:
    """Train on the flights before April whose arrival is known."""
    categories = {name: pd.CategoricalDtype(sorted(flights[name].dropna().unique()))
                  for name in CATEGORIES}  # fmt: skip
    winter = flights[flights["time"] < TRAINED_UNTIL]
    known = winter["late"].notna()
    inputs = winter[FEATURES].astype(categories)
    truth = winter.loc[known, "late"].eq("1").astype(int)
    classifier = HistGradientBoostingClassifier(
        max_iter=80, learning_rate=0.15, categorical_features="from_dtype", random_state=0
    )
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    unseen = cross_val_predict(classifier, inputs[known], truth, cv=folds, method="predict_proba")[
        :, 1
    ]
    classifier.fit(inputs[known], truth)
    score = classifier.predict_proba(inputs)[:, 1]
    score[known.to_numpy()] = unseen
    threshold = _best_threshold(truth.to_numpy(), unseen)
    reference = with_scores(winter, score, threshold)
    return Trained(classifier, categories, threshold, reference)


def with_scores(flights: pd.DataFrame, score: np.ndarray, threshold: float) -> pd.DataFrame:
    """Flights with their score, and what it calls them."""
    called = pd.Series(np.where(score >= threshold, "1", "0"), index=flights.index, dtype="string")
    return flights.assign(score=score, prediction=called)


def _best_threshold(truth: np.ndarray, score: np.ndarray) -> float:
    precision, recall, thresholds = precision_recall_curve(truth, score)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return round(float(thresholds[f1[:-1].argmax()]), 3)
