"""The pages of docs/ as trees, tables and words, for the tests that hold them to the code."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import docutils.core
from docutils import nodes

DOCS = Path(__file__).resolve().parents[1] / "docs"


@cache
def page(name: str) -> nodes.document:
    """Return a page's tree; anything that docutils would warn of is an error."""
    options = {"report_level": 2, "halt_level": 2, "file_insertion_enabled": False}
    return docutils.core.publish_doctree((DOCS / name).read_text(), settings_overrides=options)


def words(name: str) -> str:
    """Return a page's text on one line."""
    return " ".join(page(name).astext().split())


def titled(name: str) -> dict[str, nodes.section]:
    """Return the sections of a page by title."""
    found = page(name).findall(nodes.section)
    return {section.next_node(nodes.title).astext(): section for section in found}


def rows(tree: nodes.Element) -> list[list[str]]:
    """Return the cells of every table row below a node, one line each."""
    return [
        [" ".join(cell.astext().split()) for cell in row.findall(nodes.entry)]
        for row in tree.findall(nodes.row)
    ]


def tables_of(name: str) -> dict[str, list[list[str]]]:
    """Return the tables of a page, without their heads, by the head's first cell."""
    found = {}
    for table in page(name).findall(nodes.table):
        head, *body = rows(table)
        found[head[0]] = body
    return found


def terms(section: nodes.Element) -> set[str]:
    """Return the first code word of every defined term below a node."""
    found = (term.next_node(nodes.literal) for term in section.findall(nodes.term))
    return {term.astext() for term in found if term is not None}


def entries(name: str, title: str) -> list[str]:
    """Return the code words with which contract.rst describes a file."""
    for item in titled("contract.rst")[title].findall(nodes.definition_list_item):
        term, definition = item.children[0], item.children[-1]
        if name in term.astext():
            return [node.astext() for node in definition.findall(nodes.literal)]
    raise KeyError(name)
