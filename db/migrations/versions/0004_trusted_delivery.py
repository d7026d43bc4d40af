"""Delivery and schedules to be trusted: ranks, reasons, pauses, push, restores."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward."""
    op.add_column(
        "outbox", sa.Column("rank", sa.String(length=10), server_default="answer", nullable=False)
    )
    op.add_column("outbox", sa.Column("sense", sa.JSON(), nullable=True))
    op.add_column("outbox", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("outbox", sa.Column("tries", sa.Integer(), server_default="0", nullable=False))
    op.add_column("outbox", sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("schedule", sa.Column("zone", sa.String(length=40), nullable=True))
    op.create_index("ix_schedule_person", "schedule", ["person_id"])
    op.add_column("conversation", sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True))
    # Else everybody would count as silent since ever, and hear nothing more until they speak.
    op.execute('UPDATE conversation SET heard_at = "at"')
    op.add_column("account", sa.Column("push", sa.String(length=10), nullable=True))
    op.create_table(
        "push_subscription",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("p256dh", sa.String(length=120), nullable=False),
        sa.Column("auth", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_push_subscription_account_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_push_subscription"),
        sa.UniqueConstraint("endpoint", name="uq_push_subscription_endpoint"),
    )
    op.create_index("ix_push_subscription_account", "push_subscription", ["account_id"])
    op.create_table(
        "pause",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("class_id", ID, nullable=True),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("by_person_id", ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["class_id"], ["school_class.id"], name="fk_pause_class_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_pause_person_id"),
        sa.ForeignKeyConstraint(["by_person_id"], ["person.id"], name="fk_pause_by_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_pause"),
    )
    op.create_index("ix_pause_class", "pause", ["class_id"])
    op.create_index("ix_pause_person", "pause", ["person_id"])
    op.create_table(
        "restoration",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("backup_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_restoration"),
    )


def downgrade() -> None:
    """Back; what only this release knows is dropped."""
    op.drop_table("restoration")
    op.drop_index("ix_pause_person", "pause")
    op.drop_index("ix_pause_class", "pause")
    op.drop_table("pause")
    op.drop_index("ix_push_subscription_account", "push_subscription")
    op.drop_table("push_subscription")
    op.drop_column("account", "push")
    op.drop_column("conversation", "heard_at")
    op.drop_index("ix_schedule_person", "schedule")
    op.drop_column("schedule", "zone")
    for name in ("retry_at", "tries", "reason", "sense", "rank"):
        op.drop_column("outbox", name)
