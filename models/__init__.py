"""What a served model is: a bundle of files with a manifest, and where bundles are kept."""
