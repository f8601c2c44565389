"""The search for settings: what was tried, on classes and images that no reported number uses."""
