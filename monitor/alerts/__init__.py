"""The back door: what an alert says, whom it goes to, and how it gets there once. Never judges news.

``compose`` says what is told and to whom, ``deliver`` walks the outbox, ``sinks`` lists where alerts can go.
"""
