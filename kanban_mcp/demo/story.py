"""What the board of the demo tells: a small team of agents builds a parcel tracker, and a person reviews."""

from typing import NamedTuple

BOARD = "Parcel tracker"
DESCRIPTION = "Where is my parcel? An app that asks the carriers, and tells before anyone has to ask."
PLANNER = "mira"
AGENTS = ("ada", "bob", "cleo")


class Card(NamedTuple):
    """A task as it is planned; `needs` are the titles of those it waits for."""

    title: str
    tags: tuple[str, ...] = ()
    priority: int = 5
    needs: tuple[str, ...] = ()
    description: str = ""
    acceptance: tuple[str, ...] = ()


class Held(NamedTuple):
    """A card in work: whose it is, for how many hours, and the notes on it; `review` is for how long it waits there."""

    card: Card
    agent: str
    hours: float
    notes: tuple[tuple[str, str], ...] = ()
    review: float | None = None


PAST = (
    Card("Write down what a tracking number looks like", ("docs",), 8),
    Card("Set up the repository and its checks", ("build",), 9),
    Card("Recognise the carrier from the number", ("carriers",), 8),
    Card("Ask the first carrier for a parcel", ("carriers",), 8),
    Card("Keep parcels in a database", ("storage",), 8),
    Card("Show a parcel on a page", ("web",), 7),
    Card("List the events of a parcel, newest first", ("web",), 6),
    Card("Ask the second carrier", ("carriers",), 6),
    Card("Retry when a carrier does not answer", ("carriers", "reliability"), 7),
    Card("Log every question to a carrier", ("reliability",), 4),
    Card("Translate the carriers' words into ours", ("carriers",), 7),
    Card("Check tracking numbers before asking", ("carriers",), 6),
    Card("Let people save a parcel", ("web", "accounts"), 6),
    Card("Sign in with a link sent by mail", ("accounts",), 8),
    Card("Sign out everywhere", ("accounts",), 5),
    Card("Ask the third carrier", ("carriers",), 5),
    Card("Ask again in the background", ("reliability",), 7),
    Card("Ask less often for parcels that do not move", ("reliability",), 6),
    Card("Show when a parcel was last asked for", ("web",), 4),
    Card("Test against recorded answers of carriers", ("build", "carriers"), 7),
    Card("Tell by mail when a parcel moves", ("notices",), 8),
    Card("Unsubscribe from mails in one click", ("notices",), 7),
    Card("Collect several moves in one mail", ("notices",), 5),
    Card("Make the page work without JavaScript", ("web",), 5),
    Card("Show times in the reader's zone", ("web",), 6),
    Card("Show the route on a map", ("web", "map"), 5),
    Card("Keep map tiles for a day", ("map",), 4),
    Card("Guess the day of delivery", ("forecast",), 7),
    Card("Compare guesses with what happened", ("forecast",), 6),
    Card("Say how sure a guess is", ("forecast", "web"), 5),
    Card("Back the database up every night", ("storage", "reliability"), 9),
    Card("Restore a backup in a drill", ("storage", "reliability"), 8),
    Card("Delete parcels nobody looks at any more", ("storage",), 5),
    Card("Limit how often one address may ask", ("reliability",), 7),
    Card("Find out why the list of events is slow", ("web", "storage"), 8),
    Card("Add the missing index on events", ("storage",), 8),
    Card("Let people name their parcels", ("web",), 4),
    Card("Share a parcel by a link", ("web", "accounts"), 5),
    Card("Pages for screen readers", ("web",), 7),
    Card("Dark colours", ("web",), 3),
    Card("Ask the fourth carrier", ("carriers",), 5),
    Card("A status page for carriers", ("carriers", "web"), 4),
)
"""What was finished, in the order it was begun."""

WORK = (
    Held(
        Card(
            "Notices on the phone",
            ("notices",),
            8,
            description="Push notices beside mails, **off until asked for**.\n\nSee #21 for the mails.",
            acceptance=(
                "[x] the service worker is registered",
                "[x] asked for once, never again",
                "[ ] one switch a parcel",
            ),
        ),
        "ada",
        5.5,
        (("progress", "The worker receives notices; what is left is the switch on each parcel."),),
    ),
    Held(
        Card("Split questions to carriers by region", ("carriers", "reliability"), 6),
        "bob",
        2.2,
        (("decision", "By the *sender's* region: the receiver's is often unknown on the first day."),),
    ),
    Held(
        Card(
            "Move the database to the new disk",
            ("storage",),
            9,
            description="Without a stop. The drill of #32 is the way back.",
            acceptance=("[x] copy while in use", "[ ] switch over", "[ ] measure a day"),
        ),
        "cleo",
        130.0,
        (
            ("progress", "The copy runs, about 40 GB an hour."),
            ("blocker", "The new disk is full at 80 %. Asked for a larger one; until then nothing moves."),
            ("question", "@mira: may events older than a year be left behind?"),
        ),
    ),
    Held(Card("Addresses of lockers", ("map",), 5), "bob", 31.0, (("progress", "Ready to be looked at."),), review=6.0),
    Held(
        Card("Ask the fifth carrier", ("carriers",), 6),
        "ada",
        52.0,
        (("handoff", "Its sandbox answers at night only; the recorded answers are in the repository."),),
        review=20.0,
    ),
    Held(Card("Explain a late parcel in one sentence", ("forecast", "web"), 7), "cleo", 77.0, review=44.0),
)
"""What is in work now."""

READY = (
    Card(
        "Answer within a second when a carrier is down",
        ("reliability",),
        9,
        description="Show what is known, say since when.",
    ),
    Card("Find parcels by a part of their name", ("web",), 6),
    Card("Merge two accounts", ("accounts",), 5, acceptance=("[ ] parcels of both stay", "[ ] one mail, not two")),
    Card("Count how often guesses were right, by carrier", ("forecast",), 5),
    Card("Warn before a link expires", ("accounts",), 4),
    Card("Forward a mail to add a parcel", ("notices",), 7),
)
"""What can be taken next."""

LATER = (
    Card("Choose by which way to be told", ("notices", "accounts"), 6, ("Notices on the phone",)),
    Card("Quiet hours", ("notices",), 4, ("Choose by which way to be told",)),
    Card("Delete the old disk", ("storage",), 5, ("Move the database to the new disk",)),
    Card("Keep ten years of events", ("storage",), 3, ("Move the database to the new disk",)),
    Card("Lockers on the map", ("map",), 5, ("Addresses of lockers",)),
    Card("Say which locker is full", ("map",), 3, ("Lockers on the map",)),
    Card("A page for shops", ("web", "accounts"), 7),
    Card("Several people on one account", ("accounts",), 5, ("A page for shops", "Merge two accounts")),
    Card("Export parcels as a table", ("web",), 4),
    Card("Prices of the carriers, side by side", ("carriers",), 2),
)
"""What waits, for others or for its turn."""

ASIDE = (
    Card("Fax", (), 0),
    Card("A page for every carrier's history", ("carriers",), 1),
)
"""What was put away."""

NEXT = (
    Card("Ask a carrier for proof of delivery", ("carriers",), 6),
    Card("Print a label again", ("carriers", "web"), 4),
    Card("Say why a parcel came back", ("web",), 6),
    Card("Pick a day for the second attempt", ("carriers",), 7),
    Card("Weigh the answers of carriers by age", ("forecast",), 5),
    Card("Show holidays in the guess", ("forecast",), 5),
    Card("One mail a week for those who send many", ("notices",), 4),
    Card("Mark parcels that need a signature", ("web",), 5),
    Card("Cache what carriers say of their shops", ("map", "storage"), 4),
    Card("Count parcels by carrier and month", ("storage",), 3),
    Card("Search by the sender's name", ("web",), 6),
    Card("Move the last cron job to the queue", ("reliability",), 5),
)
"""What is planned when all of that is done."""

OVERDUE = "Answer within a second when a carrier is down"
SAID = (
    "Done; the checks pass.",
    "Works, with a test for the case that broke.",
    "Smaller than thought.",
    "Measured before and after.",
)
