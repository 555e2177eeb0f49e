"""The vocabulary that every other package shares; it imports nothing of ours and no third party.

What comes in: nothing. What goes out: frozen values (`Model`, `Column`, `Estimate`, `Verdict`,
`Window`) and the exception tree. The law: no I/O, no clock, no randomness.
"""
