"""What a device is asked for: steps that it can repeat by itself, what memory it has left, and many of them at once."""
