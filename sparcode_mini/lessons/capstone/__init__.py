"""The capstone: the learner's own quantiser, scorer and index retrieve films."""
