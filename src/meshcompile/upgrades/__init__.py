"""What an upgrade of Istio changes in a mesh, and why.

    upgrade(mesh, to="1.31").rows   # each difference between the releases that is at work here

Two releases differ in rows of `meshcompile.changes`. The rows are switched on one after another, so each change of a
proxy's configuration belongs to one row. `steps` are the stages between the releases, `search` finds the rows with an
effect, `field_effects` joins what is the same for many resources, and `report` and `data` print the result.
"""
