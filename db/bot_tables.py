"""The tables of our bots: who they are, what they have used up, whom they serve."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table

from db.columns import at, metadata, ref

bot = Table(
    "bot",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("channel", String(12), nullable=False),
    Column("username", String(64), nullable=False),
    Column("commands", String(64), nullable=False, server_default=""),  # fingerprint of the list
    at("seen_at"),
    Column("joins_groups", Boolean),  # as the platform says; null: it does not say
    Column("error", String(80)),  # the newest trouble, in our own short words; null: none
    at("error_at", null=True),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("holder", String(60), nullable=False),
    at("until"),
)

bot_month = Table(  # only of bots whose platform counts
    "bot_month",
    metadata,
    Column("bot", String(40), primary_key=True),
    Column("month", String(7), primary_key=True),  # "2026-11", in the school's zone
    Column("n_in", Integer, nullable=False),
    Column("n_out", Integer, nullable=False),
    at("told_at", null=True),  # when the operator was told that most of it is used
)

assignment = Table(  # which bot with little room a person was given
    "assignment",
    metadata,
    ref("person_id", "person.id", key=True),
    Column("bot", String(40), nullable=False),
    at("at"),
    Index("ix_assignment_bot", "bot"),
)
