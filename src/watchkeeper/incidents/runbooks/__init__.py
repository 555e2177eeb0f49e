"""Runbooks: Markdown with steps that can be run, and what keeps them from doing harm. Pure."""
