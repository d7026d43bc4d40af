"""People, chats, and what is to be said when."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
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


def _school_class() -> None:
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


def _person() -> None:
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


def _membership() -> None:
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


def _kinship() -> None:
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


def _code() -> None:
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


def _account() -> None:
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


def _speaker() -> None:
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


def _code_try() -> None:
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


def _consent() -> None:
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


def _conversation() -> None:
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


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("bot", sa.String(length=40), nullable=False),
        sa.Column("update_key", sa.String(length=80), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bot", "update_key", name=op.f("pk_inbox")),
    )
    op.create_index("ix_inbox_at", "inbox", ["at"], unique=False)


def _outbox() -> None:
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


def _schedule() -> None:
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


def _bot() -> None:
    op.create_table(
        "bot",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("commands", sa.String(length=64), server_default="", nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_bot")),
    )


def _lease() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("holder", sa.String(length=60), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )


TABLES = {
    "school_class": _school_class,
    "person": _person,
    "membership": _membership,
    "kinship": _kinship,
    "code": _code,
    "account": _account,
    "speaker": _speaker,
    "code_try": _code_try,
    "consent": _consent,
    "conversation": _conversation,
    "inbox": _inbox,
    "outbox": _outbox,
    "schedule": _schedule,
    "bot": _bot,
    "lease": _lease,
}
