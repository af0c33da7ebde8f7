"""Studies: policies x sweep x seeds, run as cells that can be stopped and resumed."""
