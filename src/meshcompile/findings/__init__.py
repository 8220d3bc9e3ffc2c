"""What becomes of diagnostics after they are found: their selection, and their forms for people and programs."""
