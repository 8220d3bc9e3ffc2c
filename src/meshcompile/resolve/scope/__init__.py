"""What a proxy sees: its workload, and the services and rules in its scope."""
