"""Tests of watchkeeper.server."""
