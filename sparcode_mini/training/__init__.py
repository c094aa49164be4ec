"""How a model learns: what it reads, the loss, the loop, and its checkpoints."""
