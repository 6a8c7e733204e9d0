"""The doctor: what is wrong with a data set, measured on its audio and read from its tables.

`measures` decodes each recording once, `findings` turns tables into rows that say what was found
and what the pipeline does about it, `page` shows both as one HTML document.
"""
