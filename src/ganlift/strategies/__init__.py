"""Ways of training a classifier, with a GAN and without: one file each."""
