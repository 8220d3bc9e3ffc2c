"""HBONE, the tunnels of an ambient mesh: HTTP/2 CONNECT requests over mutual TLS, on port 15008."""
