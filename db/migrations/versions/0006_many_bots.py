"""Bots with little room: what they have used of their month, whom they serve, their trouble."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward."""
    op.add_column("bot", sa.Column("joins_groups", sa.Boolean(), nullable=True))
    op.add_column("bot", sa.Column("error", sa.String(length=80), nullable=True))
    op.add_column("bot", sa.Column("error_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("account", sa.Column("hinted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("account", sa.Column("farewell", sa.String(length=7), nullable=True))
    op.create_table(
        "bot_month",
        sa.Column("bot", sa.String(length=40), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("n_in", sa.Integer(), nullable=False),
        sa.Column("n_out", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("bot", "month", name="pk_bot_month"),
    )
    op.create_table(
        "assignment",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("bot", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_assignment_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_assignment"),
    )
    op.create_index("ix_assignment_bot", "assignment", ["bot"])


def downgrade() -> None:
    """Back; what only this release knows is dropped."""
    op.drop_index("ix_assignment_bot", "assignment")
    op.drop_table("assignment")
    op.drop_table("bot_month")
    op.drop_column("account", "farewell")
    op.drop_column("account", "hinted_at")
    op.drop_column("bot", "error_at")
    op.drop_column("bot", "error")
    op.drop_column("bot", "joins_groups")
