"""The tables of what a person remembers: cards, scenes they saw, reviews; part of `db.models`."""

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table

from db.columns import at, identity, metadata, ref

card = Table(
    "card",
    metadata,
    ref("person_id", "person.id", key=True),
    Column("item", String(160), primary_key=True),  # "q:<lesson>:<step>" or "s:<scene>"
    Column("stability", Float, nullable=False),  # days until it is remembered with 90 %
    Column("difficulty", Float, nullable=False),  # 1-10
    at("due_at"),
    at("last_at"),
    Column("misses", Integer, nullable=False),  # times in a row not right at the first try
    Index("ix_card_due", "person_id", "due_at"),
)

sighting = Table(
    "sighting",
    metadata,
    identity(),
    ref("person_id", "person.id"),
    Column("scene", String(60), nullable=False),  # "<script>/<name>"
    Column("fake", Boolean, nullable=False),
    Column("said_fake", Boolean),  # null: not answered
    at("at"),
    Index("ix_sighting_person", "person_id", "at"),
)

review = Table(
    "review",
    metadata,
    identity(),
    ref("person_id", "person.id"),
    ref("class_id", "school_class.id", null=True),
    Column("n_items", Integer, nullable=False),
    Column("n_right", Integer, nullable=False),  # at the first try
    at("at"),
    Index("ix_review_person", "person_id", "at"),
)
