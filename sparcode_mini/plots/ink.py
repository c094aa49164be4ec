"""The palette and the signs of all drawings; write `ink.CODE`."""

# Okabe and Ito's colours, told apart by colour-blind readers. Each has one meaning everywhere.
QUERY = "#0072B2"  # blue: the query side (person, history, tokens)
ITEM = "#E69F00"  # orange: the item side (films, their vectors)
CODE = "#AA4499"  # purple: codewords, codes, keys of lists
SCORE = "#009E73"  # green: scores, entries of lists
NEXT = "#D55E00"  # vermilion, always with a star: rated next
NEUTRAL = "#6B7280"  # grey: axes, baselines, remarks
INK, FAINT, CARD, EDGE = "#1F2933", "#E4E2DA", "#FCFBF8", "#D3D0C6"
STAR, SEEN = "\N{BLACK STAR}", "\N{CHECK MARK}"
# Tokens share the colour of scores and differ in lightness and hatch.
SHADES = ("#00694D", "#1FAE83", "#86D1B5", "#BCE5D2")
HATCHES = ("", "//", "..", "xx")
