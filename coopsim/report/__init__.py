"""Reports: a run folder as one HTML file.

`html.write` makes the page from the run folder and nothing else. `facts` arranges the run's
tables, `readings` and `summary` say what they show, `equilibria`, `results` and `sections` make
tables, `panels` and `sweeps` choose the figures that `plots` and `figures` draw.
"""
