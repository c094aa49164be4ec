"""Made-up worlds whose rules are known, and models small enough for them."""
