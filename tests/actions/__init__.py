"""Tests of what leaves the process."""
