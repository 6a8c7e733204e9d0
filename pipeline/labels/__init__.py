"""Labels of a problem: `labelling` reads the words of every span; `exclusions` lists the rest."""
