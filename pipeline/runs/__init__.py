"""Several runs at once: jobs of one experiment file, ledgers, and the comparison; no Luigi."""
