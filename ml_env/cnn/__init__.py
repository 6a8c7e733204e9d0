"""The training environment's own package: ``python -m cnn train | predict RUN_DIR``.

It reads a run directory that the pipeline wrote, and leaves ``output/`` in it. It never imports
the pipeline; what both share is the package `frontend` and files (`cnn.contract`, `cnn.job`).
"""
