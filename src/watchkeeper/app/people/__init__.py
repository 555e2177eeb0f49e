"""Who signs in: users with roles, their passwords and sessions, and what they changed."""
