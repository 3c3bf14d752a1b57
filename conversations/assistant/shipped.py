"""The seven intents a new desk starts with, and sentences that teach the local classifier what each sounds like."""

from typing import Any, NamedTuple

DEFAULT = "general_inquiry"  # what is taken for wanted when nothing else is recognised
HUMAN = "human_agent"


class Shipped(NamedTuple):
    name: str
    title: str
    description: str
    examples: str  # one a line


INTENTS = (
    Shipped(
        "order_status",
        "Order status",
        "Where something she ordered or applied for is: parcels, cards in the post, applications, claims, and when "
        "it arrives. Not: changing or cancelling it, paying for it.",
        """
where is my order
has my parcel been shipped yet
track my package please
can you give me the tracking number for order 58213
when will my delivery arrive
it's been two weeks and nothing has come
my order still hasn't arrived and it was due on tuesday!!
what is the status of my order
status of purchase 4471-B
is my replacement card on its way
i'm still waiting for my new card to come in the mail
how long until the debit card i ordered gets here
tracking says delivered but there is nothing at my door
check on my loan application please
any news about the application i sent in last week
what's happening with my insurance claim
has my claim been approved yet
hi i would like to know the status of a claim
how many days does delivery usually take
what's the eta on my shoes
did my order go out today
the courier never showed up, where is my stuff
my package seems to be lost in transit
i ordered a kettle on monday, when do i get it
expected delivery date for my purchase
how soon can i expect the item
can i see how far along my order is
do you know if my visa paperwork was processed
where the hell is my delivery
package stuck at the depot for days, when is it coming
has my luggage been found and sent to me
""",
    ),
    Shipped(
        "product_inquiry",
        "Product question",
        "Before buying or booking: what there is, what it can do, what it costs, whether it is available, how to "
        "order, book, apply or sign up. Not: something she already has and that is broken.",
        """
do you have this jacket in medium
how much is the large size
is the blue one back in stock
i'd like to buy two of your lamps
how do i place an order
help me order something from the shop
what's the difference between the basic and the premium plan
which channels are in the family package
i want to sign up for internet at my new flat
can i get a new cable connection
please set up a new phone line for my house
any deals or promotions at the moment
do students get a discount
i want to apply for a credit card
how do i open a savings account
what interest rate do you offer on a mortgage
can i use the card abroad and in which countries does it work
which currencies can i keep in my account
how old do i have to be to open an account
is there a daily limit on withdrawals with this account
can i have more than one card
do i have to pay extra to use my card in another country
book a double room for three nights from the fourth
we are two adults and a baby, do you have a room free
does the hotel have a pool and a gym
what time is breakfast served
is parking available and how much does it cost
i'd like a table for four at eight tonight
can i bring my dog
does the phone come with a charger
what warranty do i get with the washing machine
can i get more information about your insurance cover
is wifi included on your flights
what do i need to qualify for a loan
can my kids have an account too
""",
    ),
    Shipped(
        "support_request",
        "Support request",
        "Something she has does not work, is lost, or needs changing: errors, sign-in, passwords, cards, devices, "
        "accounts, addresses, cancelling or returning an order. Not: money charged or owed.",
        """
it doesn't work
my app keeps crashing when i open it
i can't log in to my account
i forgot my password
the reset email never arrives
my account is locked
my card was declined at the shop
i lost my card
someone stole my wallet, please block my card
i can't remember my pin
how do i change my pin
the cash machine kept my card
contactless payment isn't working
how do i activate my new card
i need to verify my identity but it fails
please change my address, i have moved
update my phone number and email
i want to edit the name on my account
close my account
how do i delete my profile
create an account for me, registration gives an error
cancel my order please
i need to change something in my order
i want to swap an item for another one
add another shipping address
i want to return these shoes, wrong size
the screen on my phone is broken
my laptop is so slow since the last update
internet is down again
no signal on my mobile since this morning
the software will not install
i need the latest update for my program
how do i connect my speaker to my phone
the tv box shows error 42
it arrived damaged
you sent me the wrong item
the key to my room does not open the door
the shower in our room isn't working
i need proof of insurance for my car
my transfer didn't go through
top up failed and i don't know why
battery dies after an hour since i updated, fix this
cancel my flight booking, i can't travel
""",
    ),
    Shipped(
        "billing_question",
        "Billing question",
        "Money: bills, invoices, charges, fees, refunds, payments, ways to pay, disputed amounts.",
        """
why was i charged twice
there is a charge on my statement i don't recognise
i want my money back
when do i get my refund
where do i ask for my refund
the refund still isn't on my account
send me the invoice for march please
i need a copy of my bill
where can i find my invoices
my bill is higher than last month
how much do i owe
what is the balance on my bill
when is my payment due
what's the minimum payment on my credit card
pay my electricity bill
i'd like to pay my phone bill from my checking account
can i pay by paypal
which payment methods do you take
my payment was not accepted, was i billed anyway
what is this fee for
is there a fee for cancelling early
what does it cost to cancel my contract
do you charge for transfers
why did i pay extra for taking out cash
the exchange rate you used for my payment is wrong
the atm gave me less cash than i asked for
i never made this payment, dispute it
a direct debit i did not set up
you took 50 dollars out of my account without asking
you still owe me 30 euros
overcharged me again, fix my bill
the pending payment has been there for a week
i was charged but the order was cancelled
reverse the transaction, the amount is wrong
can i view my bill online
how much was my water bill
""",
    ),
    Shipped(
        "general_inquiry",
        "General question",
        "Greetings, thanks, goodbyes, small talk, questions about the company or the assistant, opening hours, where "
        "it delivers, the newsletter, and whatever fits nowhere else.",
        """
hello
hi there
good morning
hey how are you
thanks so very much
thank you, that's all
ok great
perfect, you've been very helpful
bye
goodbye and have a nice day
no that is everything
oh yes please
what are your opening hours
where are you located
which countries do you deliver to
do you ship to norway
what delivery options are there
subscribe me to the newsletter
i want to stop getting the newsletter
what can you do
are you a bot
am i talking to a robot
what is your name
who made you
tell me a joke
what's the weather like
what time is it
do you have any pets
can you speak spanish
do you have an office in london
what is the meaning of life
how do i cook rice
play some music
are you still there
one moment please
sure thing
i have a question
""",
    ),
    Shipped(
        "complaint",
        "Complaint",
        "She is unhappy with how she was treated, or with the service as such; or wants to file a complaint.",
        """
i want to make a complaint
how do i file a complaint
where can i complain about your company
i'd like to lodge a claim against your business
i'm very unhappy with your service
this is the worst customer service ever
your staff were rude to me
the driver shouted at me
the flight attendant was so unfriendly
nobody answers the phone, i was on hold for two hours
i've called five times and nobody helps
your agent hung up on me
nobody replies to my emails
absolutely terrible experience, never again
you people are useless
i am so disappointed with you
what a joke of a company
i'll never fly with you again
i'm switching to your competitor
your airline ruined our holiday
no food on a nine hour flight, seats broken, unacceptable
delayed again and no one tells us anything
the room was filthy and the manager did not care
i have been lied to again and again
this is ridiculous, how do you treat your customers
disgusting behaviour by your team at the desk
you don't care about your customers at all
three hours in line at the airport and only one person working
i want to leave feedback about the awful way i was treated
thanks for nothing
""",
    ),
    Shipped(
        "human_agent",
        "A person, please",
        "She asks to talk to, be called by, or be put through to a person. Not: whether she is talking to one.",
        """
i want to talk to a person
speak to a human
can i talk to someone please
connect me to an agent
put me through to customer service
let me speak with a real person
transfer me to an operator
i need a human
agent please
can somebody call me
get me your supervisor
i want to speak to the manager
is there a person i can chat with
live agent
i don't want to talk to a bot
stop with the robot answers, give me a human
escalate this
how do i reach a real person
talk to a representative
could you hand me over to a colleague
i'd rather discuss this with somebody
what do i have to do to get hold of an operator
i need help speaking with an agent
is there someone there who can help me in person
please pass me on to a member of staff
""",
    ),
)


def install(intents: Any, examples: Any) -> None:
    """Adds what is missing of the shipped intents and leaves alone what an admin made of them. Takes the models, so
    that the migration can hand in its own."""
    for shipped in INTENTS:
        intent, new = intents.objects.get_or_create(
            name=shipped.name,
            defaults={"title": shipped.title, "description": shipped.description, "handler": shipped.name},
        )
        if new:
            sentences = shipped.examples.strip().splitlines()
            examples.objects.bulk_create([examples(intent=intent, text=text) for text in sentences])
