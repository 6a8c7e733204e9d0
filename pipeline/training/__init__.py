"""Around the training environment: how it is chosen, what goes out to it, what comes back.

`environment` chooses device and variables, `job` and `rundir` hand over, `sealing` completes a
model folder, `leakage` refuses to score a model on what it has seen.
"""
