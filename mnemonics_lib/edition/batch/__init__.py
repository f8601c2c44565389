"""What the batch engine needs beside the notebooks: names of files, and lines of progress."""
