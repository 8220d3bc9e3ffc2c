"""Examples: a mesh to compile, and the program that shows what becomes of it."""
