"""docs/datasets.rst has the publishers' words as they are in the code."""

from docutils import nodes

from pipeline import datasets
from tests.pages import titled

SECTION = "The publishers' words"


def documented() -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the words by data set and column."""
    _, *rows = titled("datasets.rst")[SECTION].findall(nodes.row)
    cells = [[_codes(cell) for cell in row.findall(nodes.entry)] for row in rows]
    return {(name, column): tuple(words) for (name,), (column,), words in cells}


def _codes(cell: nodes.Node) -> list[str]:
    return [node.astext() for node in cell.findall(nodes.literal)]


def test_every_word_of_every_column_stands_there():
    stated = {
        (name, column): words
        for name in datasets.known()
        for column, words in datasets.load(name).classes.items()
        if words
    }
    assert documented() == stated
