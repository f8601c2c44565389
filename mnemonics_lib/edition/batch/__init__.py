"""What the batch engine needs beside the notebooks: names of files, lines of progress, measured costs."""
