"""What a device is asked for: steps that it can repeat by itself, and what memory it has left."""
