"""Labels of a problem: `labelling` applies what `vocabulary` reads; `exclusions` lists the rest."""
