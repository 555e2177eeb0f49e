"""Tests of the channels, against real servers on the loopback interface."""
