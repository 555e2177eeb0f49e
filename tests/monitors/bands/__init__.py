"""Tests of learnt bands."""
