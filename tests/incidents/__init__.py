"""Tests of incidents, on-call and runbooks."""
