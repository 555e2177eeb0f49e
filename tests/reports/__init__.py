"""Tests of watchkeeper.reports."""
