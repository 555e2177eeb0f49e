"""From estimates to verdicts: families of tests, tolerances and thresholds.

What comes in: estimates. What goes out: verdicts and statuses with their reasons. The law: pure,
without clock or randomness; on data without change, alarms come at the stated rate.
"""
