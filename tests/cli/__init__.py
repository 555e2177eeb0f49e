"""Tests of watchkeeper.cli."""
