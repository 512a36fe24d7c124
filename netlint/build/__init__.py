"""Trees to the model, one module a kind of source. The only package that sees both.

A builder is `build_…(files: list[Parsed], facts: HostFacts)`: it gets all files of one host that have one of its
formats, in the order of their names, and adds what they state to the facts.
"""
