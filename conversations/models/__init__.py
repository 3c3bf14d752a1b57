"""What is said, by whom, what state the talk is in, and what the assistant knows."""

from .access import ApiToken
from .conversation import Conversation, Customer, Transition
from .desk import DeskSettings
from .knowledge import Article, Example, Intent, Order
from .message import Message, Role
from .turn import TurnRecord

__all__ = [
    "ApiToken",
    "Article",
    "Conversation",
    "Customer",
    "DeskSettings",
    "Example",
    "Intent",
    "Message",
    "Order",
    "Role",
    "Transition",
    "TurnRecord",
]
