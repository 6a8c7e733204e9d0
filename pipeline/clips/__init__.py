"""Stage 6: `cutting` decides which spans the model sees, `normalisation` is fitted on train."""
