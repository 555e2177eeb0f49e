"""How fast, how small and how often wrong: Watchkeeper beside its peers, in one run."""
