"""What is in deploy/: its own linters, and what it says carried out without a container engine."""
