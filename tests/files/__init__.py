"""Tests of how files that people write are read."""
