"""What listeners of all proxies have in common: filter chains, connections, inspection."""
