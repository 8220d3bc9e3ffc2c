"""Tests of a mesh: requests, and what must become of them.

    read = suites(documents)
    for verdict in verdicts(mesh, read.tests):
        print(verdict.test.name, verdict.passed)

`suites` reads the files. `facts` are what a test can expect, in one table with their JSON Schema. `judge` follows the
requests with `meshcompile.explain` and compares. `formats` prints the verdicts.
"""
