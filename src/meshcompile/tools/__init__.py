"""Tools on top of the compiler: policy decisions for a request."""
