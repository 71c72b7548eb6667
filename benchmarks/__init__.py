"""One question a file. Figures are ratios of rounds that take turns in one run: ratios are less noisy than machines."""
