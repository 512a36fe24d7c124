"""Text to trees with spans, one module a format. Parsers know syntax only, go on after errors and never raise.

Every format module has `parse(source: Source) -> tuple[Tree, list[Problem]]`.
"""
