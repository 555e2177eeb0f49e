"""Rules over what is measured, and what follows from them: alerts, messages, incidents."""
