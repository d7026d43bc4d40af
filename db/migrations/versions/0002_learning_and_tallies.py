"""Learning, guiding, and what is told of it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward."""
    for create in TABLES.values():
        create()


def downgrade() -> None:
    """Back; a table's indexes go with it."""
    for name in reversed(TABLES):
        op.drop_table(name)


def _run() -> None:
    op.create_table(
        "run",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("class_id", ID, nullable=True),
        sa.Column("lesson", sa.String(length=80), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("recorded", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("n_questions", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["class_id"], ["school_class.id"], name=op.f("fk_run_class_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_run_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index(
        "ix_run_class", "run", ["class_id", "finished_at", "person_id", "lesson"], unique=False
    )
    op.create_index("ix_run_person", "run", ["person_id", "lesson"], unique=False)


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("class_id", ID, nullable=True),
        sa.Column("step", sa.String(length=60), nullable=False),
        sa.Column("option", sa.String(length=60), nullable=False),
        sa.Column("right", sa.Boolean(), nullable=False),
        sa.Column("try_no", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id"], ["school_class.id"], name=op.f("fk_attempt_class_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_attempt_person_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_attempt_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index("ix_attempt_class", "attempt", ["class_id", "at", "person_id"], unique=False)
    op.create_index("ix_attempt_person", "attempt", ["person_id"], unique=False)
    op.create_index("ix_attempt_run", "attempt", ["run_id"], unique=False)


def _guidance() -> None:
    op.create_table(
        "guidance",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("pupil_id", ID, nullable=False),
        sa.Column("relative_id", ID, nullable=False),
        sa.Column("class_id", ID, nullable=True),
        sa.Column("skill", sa.String(length=20), nullable=False),
        sa.Column("lesson", sa.String(length=80), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["class_id"], ["school_class.id"], name=op.f("fk_guidance_class_id")
        ),
        sa.ForeignKeyConstraint(["pupil_id"], ["person.id"], name=op.f("fk_guidance_pupil_id")),
        sa.ForeignKeyConstraint(
            ["relative_id"], ["person.id"], name=op.f("fk_guidance_relative_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guidance")),
    )
    op.create_index("ix_guidance_class", "guidance", ["class_id", "day"], unique=False)
    op.create_index("ix_guidance_pupil", "guidance", ["pupil_id"], unique=False)
    op.create_index("ix_guidance_relative", "guidance", ["relative_id"], unique=False)


def _confirmation() -> None:
    op.create_table(
        "confirmation",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("guidance_id", ID, nullable=False),
        sa.Column("path", sa.String(length=10), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("by_person_id", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_person_id"], ["person.id"], name=op.f("fk_confirmation_by_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["guidance_id"], ["guidance.id"], name=op.f("fk_confirmation_guidance_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmation")),
    )
    op.create_index("ix_confirmation_guidance", "confirmation", ["guidance_id"], unique=False)


def _skill_check() -> None:
    op.create_table(
        "skill_check",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("guidance_id", ID, nullable=False),
        sa.Column("path", sa.String(length=10), nullable=False),
        sa.Column("by_person_id", ID, nullable=False),
        sa.Column("n_right", sa.Integer(), nullable=False),
        sa.Column("n_questions", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_person_id"], ["person.id"], name=op.f("fk_skill_check_by_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["guidance_id"], ["guidance.id"], name=op.f("fk_skill_check_guidance_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skill_check")),
    )
    op.create_index("ix_skill_check_guidance", "skill_check", ["guidance_id"], unique=False)


def _group_binding() -> None:
    op.create_table(
        "group_binding",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("class_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("bound_by", ID, nullable=True),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unbound_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_group_binding_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["bound_by"], ["person.id"], name=op.f("fk_group_binding_bound_by")
        ),
        sa.ForeignKeyConstraint(
            ["class_id"], ["school_class.id"], name=op.f("fk_group_binding_class_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_binding")),
    )
    op.create_index("ix_group_binding_account", "group_binding", ["account_id"], unique=False)
    op.create_index("ix_group_binding_class", "group_binding", ["class_id"], unique=False)


def _tally() -> None:
    op.create_table(
        "tally",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("class_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("week_start", sa.Date(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outbox_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_tally_account_id")),
        sa.ForeignKeyConstraint(["class_id"], ["school_class.id"], name=op.f("fk_tally_class_id")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_tally_outbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tally")),
        sa.UniqueConstraint(
            "class_id",
            "account_id",
            "week_start",
            name=op.f("uq_tally_class_id_account_id_week_start"),
        ),
    )


def _class_note() -> None:
    op.create_table(
        "class_note",
        sa.Column("class_id", ID, nullable=False),
        sa.Column("week_start", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_person_id", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_person_id"], ["person.id"], name=op.f("fk_class_note_by_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["class_id"], ["school_class.id"], name=op.f("fk_class_note_class_id")
        ),
        sa.PrimaryKeyConstraint("class_id", "week_start", name=op.f("pk_class_note")),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_person_id", ID, nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("entity", sa.String(length=40), nullable=False),
        sa.Column("entity_id", ID, nullable=False),
        sa.Column("old", sa.JSON(), nullable=True),
        sa.Column("new", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["by_person_id"], ["person.id"], name=op.f("fk_audit_by_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )


TABLES = {
    "run": _run,
    "attempt": _attempt,
    "guidance": _guidance,
    "confirmation": _confirmation,
    "skill_check": _skill_check,
    "group_binding": _group_binding,
    "tally": _tally,
    "class_note": _class_note,
    "audit": _audit,
}
