"""Fire drills: harm done to a copy of recent traffic, to see which alerts notice."""
