"""The use cases of the running server: what is sent is kept, measured, and answered."""
