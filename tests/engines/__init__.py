"""The suite that every engine answers."""
