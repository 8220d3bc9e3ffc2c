"""Everything a user can hand in, as Documents: files, folders, archives, standard input, texts and objects.

The only packages that do IO are this one, `meshcompile.render` and `meshcompile.cli`.
"""
