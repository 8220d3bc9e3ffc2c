"""Configurations that reach running Envoys, and follow the input: as files, and by xDS."""
