"""Conditions in CEL as small trees; what names and functions mean is said elsewhere."""
