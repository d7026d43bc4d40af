"""What is remembered: cards, scenes seen, reviews, and checks after four weeks."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward."""
    op.add_column(
        "skill_check",
        sa.Column("purpose", sa.String(length=8), server_default="shown", nullable=False),
    )
    op.create_table(
        "card",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("item", sa.String(length=160), nullable=False),
        sa.Column("stability", sa.Float(), nullable=False),
        sa.Column("difficulty", sa.Float(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_card_person_id"),
        sa.PrimaryKeyConstraint("person_id", "item", name="pk_card"),
    )
    op.create_index("ix_card_due", "card", ["person_id", "due_at"])
    op.create_table(
        "sighting",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("scene", sa.String(length=60), nullable=False),
        sa.Column("fake", sa.Boolean(), nullable=False),
        sa.Column("said_fake", sa.Boolean(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_sighting_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sighting"),
    )
    op.create_index("ix_sighting_person", "sighting", ["person_id", "at"])
    op.create_table(
        "review",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("class_id", ID, nullable=True),
        sa.Column("n_items", sa.Integer(), nullable=False),
        sa.Column("n_right", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_review_person_id"),
        sa.ForeignKeyConstraint(["class_id"], ["school_class.id"], name="fk_review_class_id"),
        sa.PrimaryKeyConstraint("id", name="pk_review"),
    )
    op.create_index("ix_review_person", "review", ["person_id", "at"])


def downgrade() -> None:
    """Back; what only this release knows is dropped."""
    for table, index in (
        ("review", "ix_review_person"),
        ("sighting", "ix_sighting_person"),
        ("card", "ix_card_due"),
    ):
        op.drop_index(index, table)
        op.drop_table(table)
    op.drop_column("skill_check", "purpose")
