"""One file an intent. A new one is a file here and a line in HANDLERS."""

from ..turn import Handler
from .billing_question import answer_billing_question
from .complaint import answer_complaint
from .general_inquiry import answer_general_inquiry
from .human_agent import answer_human_agent
from .order_status import answer_order_status
from .product_inquiry import answer_product_inquiry
from .support_request import answer_support_request

HANDLERS: dict[str, Handler] = {
    "order_status": answer_order_status,
    "product_inquiry": answer_product_inquiry,
    "support_request": answer_support_request,
    "billing_question": answer_billing_question,
    "general_inquiry": answer_general_inquiry,  # answers also what has no handler
    "complaint": answer_complaint,
    "human_agent": answer_human_agent,
}
