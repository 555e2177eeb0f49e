"""Tests of watchkeeper.app."""
