"""How news media frame people who leave one side of the Russia-Ukraine war for the other."""
