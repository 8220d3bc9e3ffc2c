"""Languages inside fields: RE2 and CEL."""
