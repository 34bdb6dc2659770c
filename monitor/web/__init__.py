"""The face that listens: health, metrics, and what WebSub hubs send.

It never polls, never delivers and shows no article: whoever can reach it learns how the monitor is, not what it read.
"""
