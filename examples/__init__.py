"""Examples: a mesh to compile, and a program that shows the result."""
