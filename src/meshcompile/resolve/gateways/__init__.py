"""What gateways serve: the merged servers of all Gateways, their listeners and certificates."""
