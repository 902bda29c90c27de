"""One module for each image format: `size(data)` reads width and height from the header, or raises BadImage."""
