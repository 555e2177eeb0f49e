"""Tests of fire drills."""
