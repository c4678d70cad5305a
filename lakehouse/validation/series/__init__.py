"""Checks of a delivery's time series, one file a check; ``check.check`` puts them together.

Every check is a function of whole engines, in Polars, so that it runs where the flights are: in
this process or in a Spark executor. What they answer are *hits*, one row for each run of flights
of one engine with one fault; ``summary.summary`` makes findings of them. The thresholds are data
of the profile (``SeriesRules``); docs/reference/data-checks.md gives their reasons.
"""
