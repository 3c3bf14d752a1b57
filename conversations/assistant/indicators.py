"""The words that signals.py listens for: how people ask for a person, sound frustrated, or say that it did not help."""

import re
from typing import Final


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{each})" for each in alternatives), re.IGNORECASE)


# --- Asking for a person ---------------------------------------------------------------------------------------------

_KIND = (
    r"(?:real|live|actual|human|physical|proper|different|another|customer|support|service|competent|senior|qualified"
    r"|bloody|damn|goddamn|freaking|fucking)"
)
_ROLE = (
    r"(?:humans?(?: beings?)?|person|agents?|representatives?|reps?|operators?|advis[eo]rs?|associates?|consultants?"
    r"|specialists?|technicians?|supervisors?|managers?|csr)"
)
_TEAM = r"(?:(?:customer|support|human) (?:service|care|support|staff|team|help)|(?:your|the) (?:team|staff)|live chat)"
_ANYBODY = (
    r"(?:people|some ?(?:one|body)|any ?(?:one|body)|assistants?|attendants?|colleagues?|member of (?:the )?staff)"
)
_A = r"(?:an? |the |your |ur |some |any |one of your |a member of )?"
_WHO = rf"{_A}(?:{_KIND} )*(?:{_ROLE}|{_TEAM}|{_ANYBODY})"
_TO = r"(?:through to |over to |on to |onto |to |with )?"
_MACHINE = r"(?:bots?|robots?|chatbots?|machines?|computers?|automated|ai)"

ASKING: Final = _any(
    rf"\b(?:speak|speaking|talk|talking|chat|chatting) {_TO}{_WHO}\b",
    rf"\bdiscuss (?:it|this|that) {_TO}{_WHO}\b",
    rf"\b(?:connect|transfer|switch|forward|redirect|refer|pass|hand|put|direct)(?:ing|ed|ting)? "
    rf"(?:(?:me|us|this|it|(?:this|the|my) (?:chat|call|case|issue)) )?(?:on |over |through |back )?{_TO}{_WHO}\b",
    rf"\b(?:reach|reaching|contact|contacting|get (?:a )?hold of|get through to|get in touch with|hear from) {_WHO}\b",
    rf"\bget {_WHO} (?:else )?(?:on the (?:line|phone)|in here|to (?:talk|speak|call))\b",
    rf"\b(?:need|want|wanna|prefer|demand|give me|let me have|bring me|find me|send me|get me|get|i'd like|would like) "
    rf"{_A}(?:{_KIND} )*{_ROLE}\b",
    # nothing but the word
    rf"^(?:please )?(?:an? )?(?:{_KIND} )*(?:{_ROLE}|{_TEAM})(?: (?:now|please|pls|plz|asap))*$",
    # being called
    r"\b(?:can|could|would|will|please|pls|let|have|ask) (?:(?:you|u|some ?(?:one|body)|an? \w+|your \w+) )?"
    r"(?:please )?(?:call|phone|ring) me\b",
    r"\b(?:request|need|want|like|arrange|get) an? (?:call ?back|phone call|call from)\b",
    r"\bgive me a (?:call|ring)\b",
    rf"\b(?:is|isn't|are) there {_WHO} (?:i can|i could|available|there|to|who can|that can|around|here)\b",
    # the client's own list
    r"\breal (?:person|human|people|agent)\b",
    r"\bescalate\b",
    r"\bescalating (?:this|it|that|my|the)\b",
    r"\b(?:want|need|like|get|have) (?:this|it|that|my \w+) escalated\b",
    r"\bsupervisor\b",
    # not to a machine
    r"\b(?:not|don't want|dont want|no more|stop|enough|instead of|rather than|sick of|tired of|hate|quit)\b"
    rf"[^.!?]{{0,30}}\b{_MACHINE}\b",
)

_NONE_OF = (
    rf"(?: (?:to|for|be|been|you|me|us|it|this|that|my|any|an?|your|the|some|have|get|case|call|chat|issue|{_KIND}))*"
    rf" (?:{_ROLE}|{_TEAM}|{_ANYBODY}|(?:transfer|connect|escalat|speak|talk|chat|pass|put|call|hand)\w*)\b"
    rf"(?![^.!?]{{0,60}}\b{_MACHINE}\b)"
)

_ANY_OF_THEM = (
    rf"(?: (?:to|with|from|through|over|on|me|us|or|and|an?|the|your|any|{_KIND}|{_ROLE}|{_TEAM}|{_ANYBODY}))*\b"
)

#: No, thank you, as far as it reaches. What begins in it is no request; the rest of the clause may be one, for people
#: in a hurry set no commas.
REFUSING: Final = _any(
    rf"\b(?:no need|rather not|please don't|please dont|please do not|without){_NONE_OF}{_ANY_OF_THEM}",
    r"\b(?:do not|don't|dont|didn't|won't|needn't)(?: (?:really|even|actually|just))?(?: (?:need|want|wish))?"
    rf"{_NONE_OF}{_ANY_OF_THEM}",
    rf"^.*\b(?:not necessary|unnecessary)(?:{_NONE_OF}{_ANY_OF_THEM})?",
)

#: What mentions people and asks for none. What begins in it is no request; the rest of the clause may be one.
REPORTING: Final = _any(
    # what is she talking to?
    r"\b(?:are|r|is|was) (?:you|u|this|it|that|he|she) (?:just |even |really |actually |not )*(?:an? |the )?"
    rf"(?:{_KIND} )*(?:{_ROLE}|{_MACHINE}|real)\b",
    r"\b(?:am i|are we|i'm|i am) (?:even |really |actually |still )*(?:talking|speaking|chatting) (?:to|with)\b",
    r"\b(?:you're|you are|ur|this is|it's) (?:not |definitely |clearly |just )*(?:an? )?"
    rf"(?:{_KIND} )*(?:{_ROLE}|real|actual|human)\b",
    # what somebody did, or she did, before
    rf"\b(?:{_KIND} )*(?:{_ROLE}|{_ANYBODY}|staff) "
    r"(?:(?:who|that|there|here|i|spoke|talked|to|with|on|the|phone|just|also|even|already|then) )*"
    r"(?:hung|told|said|says|was|were|did|didn't|refused|promised|never|couldn't|gave|kept|yelled|lied|helped|has|had"
    r"|transferred|called|answered|(?:is|are) (?:rude|so|very|great|nice|useless))\b",
    r"\b(?:i|we)(?: have|'ve| had| just| already| finally| once)* (?:spoke|spoken|talked|chatted|called)"
    rf"(?: (?:to|with))?(?: (?:(?:her|his|their|my) )?{_WHO})?\b",
    r"\b(?:yet|no option|had to wait(?: [\w.]+){1,3}) to (?:speak|talk|chat)\b",
    r"\bthank(?:s| you)\b[^.!?]{0,40}\b(?:connecting|transferring|putting me)\b",
    # other people and things
    r"\b(?:job|career|vacanc\w+|become|hiring|work(?:ing)? as)\b[^.!?]{0,40}\b(?:agent|operator|manager|assistant)\b",
    r"\b(?:travel|estate|insurance|shipping|booking|letting|ticket) (?:agent|agency)\b",
)

# --- Frustration -----------------------------------------------------------------------------------------------------

_CLIENTS: Final = _any(  # the client's own list
    r"\bfrustrat(?:ed|ing|ion|es?)\b",
    r"\bannoy(?:ed|ing|s|ance)?\b",
    r"\buseless\b",
    r"\bterribl[ey]\b(?! sorry)",
    r"\bworst\b(?! case)",
)
_CLIENTS_MARK: Final = _any(r"\?!|!\?")

_STRONG: Final = _any(
    # swearing
    r"\bf+u+c?k+\w*",
    r"\bwtf\b",
    r"\b(?:bull)?shit\w*",
    r"\bcrap(?:py)?\b",
    r"\bpissed\b",
    r"\bscrew(?:ed)? (?:you|up|me|over)\b",
    r"\b(?:what|where|why|how|who) the (?:hell|heck)\b",
    r"\bsucks?\b",
    r"\b(?:garbage|trash|lousy)\b",
    r"\b(?:idiot\w*|morons?|stupid)\b",
    # a verdict
    r"\b(?:pathetic|ridiculous(?:ly)?|unacceptable|outrageous|appalling|abysmal|unbelievable|unreal|absurd|shameful)\b",
    r"\b(?:horribl[ey]|horrendous|awful|dreadful|disgust(?:ed|ing)|disgrace(?:ful)?|incompeten\w+|rude(?:ly|ness)?)\b",
    r"\b(?:what a|such a|a complete|is a|a total|absolute) (?:joke|mess|shame|farce|shambles|nightmare|scam)\b",
    r"\b(?:rip ?-?off|ripped off|scam(?:med|mers?)?|liars?|lied to|waste of (?:my )?(?:time|money))\b",
    r"\bnot (?:at all )?(?:happy|impressed|pleased|amused|good enough|acceptable)\b",
    # a feeling
    r"\b(?:furious|livid|angry|infuriat\w+|unhappy|upset|disappoint(?:ed|ing|ment))\b",
    r"\b(?:fed up|sick of|sick and tired|had it with|had enough|enough is enough|los(?:t|ing) (?:my )?patience)\b",
    r"\b(?:never|won't be|not) (?:\w+ ){0,3}(?:again|ever)\b",
    r"\bthanks for nothing\b",
    # at us
    r"\bstop (?:asking|saying|sending|repeating|wasting)\b",
    r"\bhow many (?:more )?times\b",
    r"\bdo you (?:even|people|guys) (?:\w+ )?(?:read|care|listen|work)\b",
    r"\b(?:doesn't|don't|didn't|not) (?:even )?(?:care|listening|bother)\b",
)

_TELLING: Final = _any(
    # kept waiting, or sent round in circles
    r"\b(?:still|been|left|keep(?:s|ing)? (?:me|us)) (?:waiting|on hold|stuck)\b",
    r"\bon hold (?:for|again|with)\b",
    r"\bfor (?:hours|days|weeks|months|ages)\b",
    r"\b(?:again and again|over and over|yet again|every single time)\b",
    r"\b(?:third|fourth|fifth|[3-9](?:rd|th)|umpteenth) time\b",
    r"\bi(?:'ve| have)? already (?:told|said|did|tried|sent|gave|explained|called)\b",
    r"\b(?:took|take|taking) (?:forever|ages)\b",
    # let down
    r"\b(?:no ?one|nobody) (?:\w+ )?(?:answers?|helps?|replies|responds?|cares?|knows?|picks? up|told|called|came)\b",
    r"\b(?:no|zero|without any) (?:response|reply|answer|explanation|apology|communication|customer service)\b",
    r"\bnever (?:got|received|came|arrived|called|showed|answered|heard)\b",
    r"\b(?:hung|hangs?) up on\b",
    r"\b(?:ruined|stranded|ignored|ignoring|abandoned)\b",
    r"\byou (?:guys |people )?(?:lost|broke|cancelled|refuse|failed)\b",
    # tone
    r"\b(?:smh|ffs|omfg|come on)\b",
    r"\b(?:i|we) (?:really )?hate\b",
    r"\bmakes? no sense\b",
    r"\bhow (?:hard|difficult) (?:is|can) it\b",
    r"\bwhat kind of (?:\w+ )?(?:service|company|business)\b",
    r"\?{3,}",
    r"[😡🤬😠😤🙄👎😒💩]",
    r"#\w*(?:fail|worst|never|angry|bad|poor)\w*",
)

_WEAK: Final = _any(
    r"\bstill (?:no|not|nothing|haven't|hasn't|isn't|don't|doesn't|can't|broken)\b",
    r"\b(?:\d+|two|three|four|five|six|several|many)\+? ?(?:hours?|hrs?|days|weeks|months|times)\b",
    r"\bon hold\b",
    r"\b(?:took|take|taking) (?:so|too|this) ?long\b",
    r"\b(?:second|2nd) time\b",
    r"\b(?:once again|every time)\b",
    r"\bkeeps? (?:on )?\w+ing\b",
    r"\b(?:you|they) (?:guys |people )?(?:can't|won't|couldn't|refuse)\b",
    r"\bwhy (?:can't|don't|won't|haven't|hasn't)\b",
    r"\bfail(?:ed|s|ure|ing)?\b",
    r"\b(?:damn|bloody|freaking|seriously|poor(?:ly)?|bad|omg)\b",
    r"\?\?",
)

#: Each with its weight. They count as independent hints, so that two weak ones make a strong one.
FRUSTRATION: Final = ((_CLIENTS, 0.7), (_CLIENTS_MARK, 0.5), (_STRONG, 0.6), (_TELLING, 0.5), (_WEAK, 0.3))
SHOUTING: Final = 0.3

#: Before an indicator, these take it back: "not terrible", "sorry to be annoying".
TAKES_BACK: Final = re.compile(
    r"(?:\b(?:not|never|no|without|sorry (?:to|for|if))|n't)"
    r"(?: (?:be|get|being|at|all|too|so|that|the|a|i'm|am|sound|mean|to))*\s+$",
    re.IGNORECASE,
)

# --- The last answer did not help ------------------------------------------------------------------------------------

DENYING: Final = _any(
    r"\b(?:that|this|it|which|you) (?:really )?(?:did not|didn't|didnt|does not|doesn't|doesnt|has not|hasn't) "
    r"(?:really )?(?:help|work|solve|answer|fix|change)",
    r"\b(?:not|n't) (?:very |really |at all )?helpful\b",
    r"\bno help\b",
    r"\b(?:still|it) (?:is )?(?:not working|not fixed|not solved|broken|the same|happening)\b",
    r"\bstill (?:does not|doesn't|doesnt|isn't|isnt|won't|wont|can't|cant|cannot|have (?:the|this)|getting|nothing)\b",
    r"\bsame (?:problem|error|issue|thing|answer)\b",
    r"\balready (?:tried|did|done|read|know|knew)\b",
    r"\bnot what i (?:asked|meant|mean|want|wanted|need|needed|was asking)\b",
    r"\b(?:that's|that is|thats|this is|it's) (?:not|wrong|no)\b[^.!?]{0,20}(?:it|right|question|answer|helping|$)",
    r"\bwrong answer\b",
    r"\byou (?:do not|don't|dont|did not|didn't|didnt) (?:understand|get it|answer|read|listen)\b",
    r"\byou(?:'re| are|r) not (?:listening|understanding|helping|answering|reading)\b",
    r"\b(?:didn't|did not|didnt) (?:help|work|answer)\b",
)
BARE_NO: Final = re.compile(
    r"^\W*(?:no|nope|nah|not really|not at all|it did not|it didn't)(?:,? (?:it (?:did not|didn't)|sorry|thanks))?\W*$",
    re.I,
)
