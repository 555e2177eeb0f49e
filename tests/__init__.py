"""Tests of Watchkeeper."""
