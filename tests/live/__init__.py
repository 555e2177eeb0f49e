"""Tests of the running server's use cases."""
