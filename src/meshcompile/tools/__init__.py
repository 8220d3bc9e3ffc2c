"""Tools on top of the compiler: what a request would meet."""
