"""What makes a run last: going on where it stopped, work that runs share, records, and where they came from."""
