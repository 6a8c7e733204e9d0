"""One numbered file per stage, in flow order; `entry` holds what a user names."""
