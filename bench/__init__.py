"""Benchmarks: how long a mesh takes to load and compile, measured in what libyaml needs to read the same text."""
