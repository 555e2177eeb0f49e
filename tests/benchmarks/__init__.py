"""Tests of the benchmarks: of what they are fed, not of how long they take."""
