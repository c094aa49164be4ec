"""The quality of answers: metrics, evaluation of a model, paired comparison; and bytes."""
