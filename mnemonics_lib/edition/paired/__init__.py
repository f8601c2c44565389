"""Runs that differ in one thing, seed by seed: their differences, intervals and figures."""
