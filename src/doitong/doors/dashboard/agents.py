"""What a browser calls itself, in two words that its owner recognises."""

BROWSERS = (  # the first that is found: many say several
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def describe_agent(agent: str) -> str:
    """`Firefox, Windows`; what it says itself where neither is known; empty for nothing."""
    found = [next((name for sign, name in table if sign in agent), None) for table in (BROWSERS, SYSTEMS)]
    return ", ".join(name for name in found if name) or agent[:60]
