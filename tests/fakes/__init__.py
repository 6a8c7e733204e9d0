"""Tiny data sets in the real layouts, quirks included.

Written from the publishers' formats (DATASETS.md), never with the code that reads them. Each
`make_...` fills a folder and returns the `Truth` that an index of it has to hold.
"""
