"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "account",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("bot", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=False),
        sa.Column("is_group", sa.Boolean(), nullable=False),
        sa.Column("unreachable_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("bot", "external_id", name=op.f("uq_account_bot_external_id")),
    )
    op.create_table(
        "bot",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("commands", sa.String(length=64), server_default="", nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_bot")),
    )
    op.create_table(
        "inbox",
        sa.Column("bot", sa.String(length=40), nullable=False),
        sa.Column("update_key", sa.String(length=80), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bot", "update_key", name=op.f("pk_inbox")),
    )
    op.create_index("ix_inbox_at", "inbox", ["at"], unique=False)
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("holder", sa.String(length=60), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "person",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=True),
        sa.Column("nickname", sa.Text(), nullable=True),
        sa.Column("sort_key", sa.Text(), server_default="", nullable=False),
        sa.Column("honorific", sa.String(length=12), nullable=True),
        sa.Column("language", sa.String(length=8), server_default="vi", nullable=False),
        sa.Column("age_band", sa.String(length=10), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("school_code", sa.String(length=60), nullable=True),
        sa.Column("reminders_off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminder_day", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_table(
        "school_class",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("year", sa.String(length=20), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("suffix", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("sort_key", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school_class")),
        sa.UniqueConstraint(
            "year", "grade", "suffix", name=op.f("uq_school_class_year_grade_suffix")
        ),
    )
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
    op.create_table(
        "code",
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("class_id", ID, nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["class_id"], ["school_class.id"], name=op.f("fk_code_class_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_code_person_id")),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_code")),
        sa.UniqueConstraint("class_id", name=op.f("uq_code_class_id")),
        sa.UniqueConstraint("person_id", name=op.f("uq_code_person_id")),
    )
    op.create_table(
        "code_try",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_code_try_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_try")),
    )
    op.create_index("ix_code_try_account", "code_try", ["account_id", "at"], unique=False)
    op.create_index("ix_code_try_at", "code_try", ["at"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("given_by", sa.String(length=20), nullable=False),
        sa.Column("how", sa.String(length=40), nullable=False),
        sa.Column("text_version", sa.String(length=20), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_consent_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index("ix_consent_person", "consent", ["person_id"], unique=False)
    op.create_table(
        "conversation",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("sender", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("pending", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_conversation_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "sender", name=op.f("pk_conversation")),
    )
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
    op.create_table(
        "kinship",
        sa.Column("pupil_id", ID, nullable=False),
        sa.Column("relative_id", ID, nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["pupil_id"], ["person.id"], name=op.f("fk_kinship_pupil_id")),
        sa.ForeignKeyConstraint(
            ["relative_id"], ["person.id"], name=op.f("fk_kinship_relative_id")
        ),
        sa.PrimaryKeyConstraint("pupil_id", "relative_id", name=op.f("pk_kinship")),
    )
    op.create_index("ix_kinship_relative", "kinship", ["relative_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("class_id", ID, nullable=True),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["class_id"], ["school_class.id"], name=op.f("fk_membership_class_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    op.create_index("ix_membership_class", "membership", ["class_id", "role"], unique=False)
    op.create_index("ix_membership_person", "membership", ["person_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("bot", sa.String(length=40), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("harmless", sa.Boolean(), nullable=False),
        sa.Column("unasked_for", ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("external_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_outbox_account_id")),
        sa.ForeignKeyConstraint(["unasked_for"], ["person.id"], name=op.f("fk_outbox_unasked_for")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_open",
        "outbox",
        ["bot", "id"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_unasked",
        "outbox",
        ["unasked_for", "created_at"],
        unique=False,
        sqlite_where=sa.text("unasked_for IS NOT NULL"),
        postgresql_where=sa.text("unasked_for IS NOT NULL"),
    )
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
    op.create_table(
        "schedule",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("class_id", ID, nullable=True),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("account_id", ID, nullable=True),
        sa.Column("rule", sa.JSON(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_schedule_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["class_id"], ["school_class.id"], name=op.f("fk_schedule_class_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_schedule_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
        sa.UniqueConstraint("key", name=op.f("uq_schedule_key")),
    )
    op.create_index(
        "ix_schedule_due",
        "schedule",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_table(
        "speaker",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_speaker_account_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_speaker_person_id")),
        sa.PrimaryKeyConstraint("account_id", "person_id", name=op.f("pk_speaker")),
    )
    op.create_index("ix_speaker_person", "speaker", ["person_id"], unique=False)
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


def downgrade() -> None:
    """Back."""
    op.drop_table("tally")
    op.drop_index("ix_skill_check_guidance", table_name="skill_check")
    op.drop_table("skill_check")
    op.drop_index("ix_confirmation_guidance", table_name="confirmation")
    op.drop_table("confirmation")
    op.drop_index("ix_attempt_run", table_name="attempt")
    op.drop_index("ix_attempt_person", table_name="attempt")
    op.drop_index("ix_attempt_class", table_name="attempt")
    op.drop_table("attempt")
    op.drop_index("ix_speaker_person", table_name="speaker")
    op.drop_table("speaker")
    op.drop_index(
        "ix_schedule_due",
        table_name="schedule",
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.drop_table("schedule")
    op.drop_index("ix_run_person", table_name="run")
    op.drop_index("ix_run_class", table_name="run")
    op.drop_table("run")
    op.drop_index(
        "ix_outbox_unasked",
        table_name="outbox",
        sqlite_where=sa.text("unasked_for IS NOT NULL"),
        postgresql_where=sa.text("unasked_for IS NOT NULL"),
    )
    op.drop_index(
        "ix_outbox_open",
        table_name="outbox",
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.drop_table("outbox")
    op.drop_index("ix_membership_person", table_name="membership")
    op.drop_index("ix_membership_class", table_name="membership")
    op.drop_table("membership")
    op.drop_index("ix_kinship_relative", table_name="kinship")
    op.drop_table("kinship")
    op.drop_index("ix_guidance_relative", table_name="guidance")
    op.drop_index("ix_guidance_pupil", table_name="guidance")
    op.drop_index("ix_guidance_class", table_name="guidance")
    op.drop_table("guidance")
    op.drop_index("ix_group_binding_class", table_name="group_binding")
    op.drop_index("ix_group_binding_account", table_name="group_binding")
    op.drop_table("group_binding")
    op.drop_table("conversation")
    op.drop_index("ix_consent_person", table_name="consent")
    op.drop_table("consent")
    op.drop_index("ix_code_try_at", table_name="code_try")
    op.drop_index("ix_code_try_account", table_name="code_try")
    op.drop_table("code_try")
    op.drop_table("code")
    op.drop_table("class_note")
    op.drop_table("audit")
    op.drop_table("school_class")
    op.drop_table("person")
    op.drop_table("lease")
    op.drop_index("ix_inbox_at", table_name="inbox")
    op.drop_table("inbox")
    op.drop_table("bot")
    op.drop_table("account")
