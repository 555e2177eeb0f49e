"""Incidents, who is on call, runbooks and post-mortems. Pure: no clock, no input, no output."""
