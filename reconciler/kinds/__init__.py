"""One module a kind of resource; `registry` lists them."""
