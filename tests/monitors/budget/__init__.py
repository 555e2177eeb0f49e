"""Tests of false-alarm budgets."""
