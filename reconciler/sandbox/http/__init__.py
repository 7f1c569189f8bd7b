"""How requests and answers look on the wire, and the log of them."""
