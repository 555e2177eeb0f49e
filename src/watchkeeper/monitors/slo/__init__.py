"""Service level objectives: error budgets, burn rates and the alerts on them.

What comes in: bad and all events by bucket. What goes out: how much of the budget is left, and
where it is spent so fast that somebody must know. The law: an alert that could never fire, or that
one bad event would fire, is refused before it is needed.
"""
