"""Value types with their algebra: hosts, ports, labels, names, durations, addresses, localities, identities."""
