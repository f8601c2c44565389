"""Run records as arms, as settings that differ, and as tidy tables."""
