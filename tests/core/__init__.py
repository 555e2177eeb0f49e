"""Tests of watchkeeper.core."""
