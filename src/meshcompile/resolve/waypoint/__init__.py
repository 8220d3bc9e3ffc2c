"""Waypoints of an ambient mesh: what they stand before, and how they forward it.

HBONE tunnels end at a waypoint (`connect_terminate`). What they carry goes to an internal listener (`main_internal`),
which has chains for each port of each service behind the waypoint. The endpoints of these services are reached through
new tunnels (`connect_originate`).
"""
