"""What is fitted: operating regimes, health signals, the learner and its failure window."""
