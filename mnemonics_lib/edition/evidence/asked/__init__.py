"""Questions that were asked before their runs were made, and the sentences of the pages that open with them."""
