"""The sparse inverted index, code -> [(item, score)]: lists, how they are built and searched."""
