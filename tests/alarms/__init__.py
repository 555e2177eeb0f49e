"""Tests of alarms over what is measured."""
