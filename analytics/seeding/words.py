"""What the people of a seeded history want, and the words they use."""

from dataclasses import dataclass
from typing import Final

from handoff.models import Reason


@dataclass(frozen=True)
class Theme:
    """A kind of wish: how often it comes up, how often a person is needed, and what is said."""

    intent: str
    weight: int
    escalates: float
    reasons: tuple[Reason, ...]  # the likeliest first, each half as likely as the one before
    asks: tuple[str, ...]
    answers: tuple[str, ...]
    more: tuple[str, ...]  # what she asks next


R = Reason

ASKS_FOR_PERSON: Final = (
    "Can I talk to a person, please?",
    "I'd like to speak to somebody who works there.",
    "Please connect me with a human.",
)
THEMES: Final = (
    Theme(
        "order_status",
        30,
        0.08,
        (R.FAILED_ATTEMPTS, R.HUMAN_REQUESTED, R.FRUSTRATION),
        (
            "Hi, where is my order {order}?",
            "My parcel was due yesterday. The number is {order}.",
            "Has {order} been sent yet?",
            "The tracking page has said “in transit” for five days now.",
        ),
        (
            "Order {order} left us on Tuesday and should be with you within two days.",
            "I found {order}: it is packed and waits for the carrier.",
            "It is on its way. Parcels to your area take three to four days at the moment.",
        ),
        (
            "Can I change the address?",
            "Will it come before the weekend?",
            "Good, and does somebody have to sign for it?",
        ),
    ),
    Theme(
        "product_inquiry",
        18,
        0.06,
        (R.HUMAN_REQUESTED, R.COMPLEXITY, R.FAILED_ATTEMPTS),
        (
            "Does the grey blanket come in a larger size?",
            "Is the scarf machine washable?",
            "Which wool is warmer, the lamb's or the merino?",
            "Do you still have the blue one in stock?",
        ),
        (
            "Yes: it comes in 130 × 180 and in 150 × 220 cm.",
            "Wash it by hand, cold, and let it dry flat.",
            "It is in stock and leaves us within a day.",
        ),
        ("And how much is the larger one?", "Does it itch?", "Can I return it if the colour is not right?"),
    ),
    Theme(
        "support_request",
        20,
        0.28,
        (R.FAILED_ATTEMPTS, R.HUMAN_REQUESTED, R.COMPLEXITY, R.FRUSTRATION),
        (
            "I can't sign in any more since I changed my e-mail address.",
            "The checkout stops at the last step, every time.",
            "The seam of my blanket came apart after a week.",
            "Your page says my voucher is not valid, but it is.",
        ),
        (
            "Please ask for a new password on the sign-in page; the mail is there within a minute.",
            "Try it once more in a private window. If it stops again, tell me what it says.",
            "I am sorry about that. Send it back at our cost, and we mend it or send a new one.",
        ),
        ("I did that already.", "It says “something is missing”.", "How long does that take?"),
    ),
    Theme(
        "billing_question",
        14,
        0.33,
        (R.HUMAN_REQUESTED, R.FAILED_ATTEMPTS, R.COMPLEXITY),
        (
            "You charged me twice for {order}.",
            "Where do I find the invoice for {order}?",
            "My refund has not arrived yet.",
            "Can I pay on account?",
        ),
        (
            "Invoices are in your account, under Orders.",
            "A refund takes three to five working days after the parcel has reached us.",
            "You can pay by card, by bank transfer or on account.",
        ),
        ("It is not in there.", "And if I have no account?", "Could you send it to my accountant?"),
    ),
    Theme(
        "general_inquiry",
        10,
        0.05,
        (R.FAILED_ATTEMPTS, R.HUMAN_REQUESTED),
        ("Do you have a shop I can visit?", "Are you open on Saturdays?", "Do you ship to Norway?"),
        (
            "Our mill shop is open from Tuesday to Saturday, 10 to 18.",
            "We ship to all of Europe; duties outside the EU are yours to pay.",
        ),
        ("Is there parking?", "Thank you. And on holidays?"),
    ),
    Theme(
        "complaint",
        5,
        0.72,
        (R.FRUSTRATION, R.HUMAN_REQUESTED, R.FAILED_ATTEMPTS),
        (
            "This is the third time that I write about {order}.",
            "The blanket arrived wet and nobody answers my mails.",
            "I am really annoyed. I was promised a call back.",
        ),
        ("I am sorry that this went wrong. Let me see what I can do.",),
        ("That does not help me.", "I have heard that before."),
    ),
    Theme(
        "human_agent",
        3,
        1.0,
        (R.HUMAN_REQUESTED,),
        ASKS_FOR_PERSON,
        ("Of course.",),
        ("Thanks.",),
    ),
)

UNSURE: Final = "I'm not sure how to help with that. Could you please rephrase?"
THANKS: Final = (
    "Great, thank you.",
    "Perfect, thanks for the help.",
    "That's all I needed, thanks.",
    "Okay, thank you.",
)
AGENT_HELLO: Final = (
    "Hello, this is {agent}. I have read what you wrote; let me look into it.",
    "Hi, {agent} here. Give me a moment to look at this.",
    "Good day, I'm {agent}. I'm sorry for the trouble, I am on it.",
)
AGENT_WORDS: Final = (
    "I have found it: the system had kept the old address. That is put right now.",
    "I have passed this on to our mill, and you get a mail today.",
    "That was our mistake. I have sent the amount back to your card.",
    "I have sent you a new one; it leaves us this afternoon.",
    "Could you tell me the number on the label?",
)
NOTES: Final = (
    "Called the carrier, they look for it.",
    "Has written about this before, be kind.",
    "Refund agreed with Kit.",
)
COMMENTS: Final = {
    1: ("Nobody could help me.", "Waited far too long."),
    2: ("Took too long.",),
    3: ("It was all right.",),
    4: ("Quick and friendly.",),
    5: ("Wonderful, thank you!", "That was fast.", "Very kind."),
}

EVIDENCE: Final[dict[Reason, tuple[str, float | None, float | None]]] = {
    R.HUMAN_REQUESTED: ("Asked for a person", 0.95, 0.5),
    R.FAILED_ATTEMPTS: ("3 answers in a row did not help", 3, 3),
    R.FRUSTRATION: ("2 of her last 5 messages sound frustrated", 2, 2),
    R.COMPLEXITY: ("Several questions at once, with numbers", 9, 8),
    R.ASSISTANT_UNAVAILABLE: ("The assistant did not answer in time", None, None),
    R.AGENT_STEPPED_IN: ("Joined the conversation", None, None),
    R.HANDED_OVER: ("The assistant asked for a person", None, None),
}

FIRST_NAMES: Final = (  # noqa: SIM905  # words read better than forty quoted strings
    "Adele Aino Alma Anton Bo Carla Cyril Delia Dmitri Elif Emil Farah Florian Gwen Hamid Ida Imre Jule Karim Kirsten "
    "Lino Lotte Maeve Marek Nils Noor Odile Pavel Pia Quentin Rosa Ruben Saskia Seb Tamsin Theo Uma Vera Viktor Wanda "
    "Xenia Yara Yusuf Zora"
).split()
LAST_NAMES: Final = (  # noqa: SIM905
    "Abara Bjork Castell Drexler Egede Ferro Grau Hallam Ilves Jansky Kovac Lindqvist Moreau Nakata Okafor Petrov "
    "Quist Ribeiro Sandoval Tanner Ueda Varga Whitlock Yilmaz Zeller"
).split()
AGENTS: Final = ("Noor", "Tomas", "Iris", "Kofi")
