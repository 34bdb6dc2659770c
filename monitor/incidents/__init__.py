"""Incidents: what is wrong with a feed for longer than one poll, and how that is told from its first to its last day.

Never asks a feed and never opens the same thing twice: it reads what the polls left behind, and returns what to write.
"""

from monitor.incidents.complaints import complaints
from monitor.incidents.house import house, none_reached
from monitor.incidents.review import Review, review
from monitor.incidents.wellness import Health, Wellness, health

__all__ = ["Health", "Review", "Wellness", "complaints", "health", "house", "none_reached", "review"]
