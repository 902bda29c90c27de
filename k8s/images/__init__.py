"""The container images of the three processes: how they are built, and exactly what is installed in each."""
