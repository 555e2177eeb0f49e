"""Runbooks that run: asked for by people or alerts, allowed by the operator, kept in the store."""
