"""What goes beyond the paper, each a switch of a model or a quantizer of its own."""
