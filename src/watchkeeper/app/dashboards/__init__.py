"""Dashboards: which panels people put side by side, and those that ship with Watchkeeper."""
