"""Benchmarks: the time to load and compile a mesh, relative to the time that libyaml needs to read the same text."""
