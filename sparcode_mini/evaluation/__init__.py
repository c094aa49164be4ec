"""How good is an answer: metrics, evaluation of a model, paired comparison, bytes."""
