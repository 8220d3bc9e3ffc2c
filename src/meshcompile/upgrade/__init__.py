"""What an upgrade of Istio changes in a mesh."""
