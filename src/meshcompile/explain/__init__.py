"""What becomes of a request, and because of which lines.

    trace = mesh.explain(Request(url="http://catalog/items", sender="deployment/web.shop"))
    trace.outcome.say   # "404 NR at the proxy of web: path is `/items`, exact `/item` is wanted."

`names` resolves the host as a Pod would. `walk` follows the request from proxy to proxy: each is compiled, and
evaluated by `meshcompile.simulate`. `blame` is a table of rules that find the lines to blame, from what the proxies
decided, from what came close, and from the findings about the mesh. `say` puts the outcome into a sentence.
"""
