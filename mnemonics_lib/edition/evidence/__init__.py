"""What the records come to, in counts and sentences: the answer of the front page and of the pages of evidence."""
