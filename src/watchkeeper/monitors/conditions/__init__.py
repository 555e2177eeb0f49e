"""Conditions in CEL over metrics: compiled once, evaluated at many times at once."""
