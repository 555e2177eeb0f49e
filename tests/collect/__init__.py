"""Tests of watchkeeper.collect."""
