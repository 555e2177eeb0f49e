"""Metrics of windows that slide over the hours, for all times at once, from arrays of hours."""
