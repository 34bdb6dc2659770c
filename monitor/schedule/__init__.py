"""Schedule: when and where a feed is asked again, and what is remembered of each answer.

Never asks, never reads a clock, and never gives a feed up: a dead one is asked more rarely, and answers for itself
when it comes back. How a feed *is*, in words, says ``incidents``.
"""

from monitor.schedule.moves import address
from monitor.schedule.pace import Policy
from monitor.schedule.polls import after_page, after_poll, after_push, hold
from monitor.schedule.push import MISSED_MOST
from monitor.schedule.starts import NETWORK, after_outage, anew, first_poll, planned, spread_overdue

__all__ = [
    "MISSED_MOST",
    "NETWORK",
    "Policy",
    "address",
    "after_outage",
    "after_page",
    "after_poll",
    "after_push",
    "anew",
    "first_poll",
    "hold",
    "planned",
    "spread_overdue",
]
