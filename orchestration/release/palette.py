"""The colours of every page of a release.

Belongs here: colours alone, so that who needs one does not import a drawing library.
"""

# Okabe and Ito's palette, which people with any colour vision tell apart.
INK = "#1c2b36"
MUTED = "#5a6b78"
GRID = "#e4e9ed"
BLUE = "#0072b2"
SKY = "#7db9dc"
ORANGE = "#e69f00"
PURPLE = "#a6578a"
RED = "#d55e00"
GREEN = "#009e73"
GREY = "#b8c2ca"
