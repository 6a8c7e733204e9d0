"""Stage 5: `cache` computes what is missing, `store` keeps one file each, `pack` one per data set.

Nothing is imported here: worker processes load `store` alone, and that stays light.
"""
