"""The paper's Tables 1 and 2 at small size: a method with mnemonics, its parts, and six kinds of exemplars."""
