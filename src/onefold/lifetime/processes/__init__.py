"""How customers buy and leave: likelihoods with their derivatives, and what they expect."""
