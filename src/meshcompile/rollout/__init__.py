"""How a change reaches the fleet: what is pushed to which proxies, and a safe order of applying it.

    plan(before, after).steps   # the changed objects, in an order in which no route leads to nothing

`footprint` says what each proxy gets anew, and how large it is. `stages` are the meshes between the first and the last
one, with some of the changed objects applied. `order` looks for an order in which every stage is safe, `transitional`
makes the versions of objects that are needed where no order is, and `steps` says why each step is where it is.
"""
