"""The demo: a model of late flights, trained on winter, watched through the year.

- `data`: the flights that left New York City in 2013, with the weather and the aircraft.
- `train`: a gradient-boosting classifier of 'arrives more than 15 minutes late'.
- `__main__`: predicts nine months and writes a report for each, and one over time.
"""
