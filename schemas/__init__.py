"""What the sheets must be: instruments and layouts as data, the closed lists of codes, pandera models."""
