"""The languages inside of fields: RE2 and CEL."""
