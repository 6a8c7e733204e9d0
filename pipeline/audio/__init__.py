"""Recordings as sound: checks, waveform augmentation, the simulated cohort."""
