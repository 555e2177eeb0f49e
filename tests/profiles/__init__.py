"""Tests of the mergeable statistics."""
