"""Tests of users, their sign-ins and what they changed."""
