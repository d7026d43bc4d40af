"""The tables, as SQLAlchemy Core; `db/migrations` brings a database to them, a test compares."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from db import memory_tables as memory_tables  # noqa: PLC0414 - its tables belong to these
from db.bot_tables import assignment as assignment  # noqa: PLC0414 - whoever asks for tables
from db.bot_tables import bot as bot  # noqa: PLC0414 - looks here
from db.bot_tables import bot_month as bot_month  # noqa: PLC0414
from db.bot_tables import lease as lease  # noqa: PLC0414
from db.columns import Id, at, identity, ref
from db.columns import metadata as metadata  # noqa: PLC0414 - who asks wants the tables in it
from db.instants import UtcDateTime

school_class = Table(
    "school_class",
    metadata,
    identity(),
    Column("year", String(20), nullable=False),
    Column("grade", Integer, nullable=False),
    Column("suffix", String(40), nullable=False),
    Column("label", String(60), nullable=False),
    Column("sort_key", String(80), nullable=False),
    UniqueConstraint("year", "grade", "suffix"),
)

person = Table(
    "person",
    metadata,
    identity(),
    Column("kind", String(10), nullable=False),  # pupil, relative, staff
    Column("full_name", Text),  # pupils and staff, from the roster
    Column("nickname", Text),  # relatives: at most this
    Column("sort_key", Text, nullable=False, server_default=""),
    Column("honorific", String(12)),
    Column("language", String(8), nullable=False, server_default="vi"),
    Column("age_band", String(10)),
    Column("birth_date", Date),  # tells twins apart; never shown
    Column("school_code", String(60)),
    Column("reminders_off_at", UtcDateTime),
    Column("reminder_day", Integer),  # 0 = Monday; null: the school's default
    Column("created_at", UtcDateTime, nullable=False),
    Column("erased_at", UtcDateTime),
)

membership = Table(
    "membership",
    metadata,
    identity(),
    ref("person_id", "person.id"),
    ref("class_id", "school_class.id", null=True),
    Column("role", String(12), nullable=False),  # pupil, homeroom, lead, leadership, operator
    at("joined_at"),
    at("left_at", null=True),
    Index("ix_membership_person", "person_id"),
    Index("ix_membership_class", "class_id", "role"),
)

kinship = Table(
    "kinship",
    metadata,
    ref("pupil_id", "person.id", key=True),
    ref("relative_id", "person.id", key=True),
    Column("relation", String(20), nullable=False),
    at("created_at"),
    Index("ix_kinship_relative", "relative_id"),
)

code = Table(
    "code",
    metadata,
    Column("fingerprint", String(32), primary_key=True),  # keyed hash; the code itself is not kept
    Column("purpose", String(10), nullable=False),  # person, group, page
    ref("person_id", "person.id", null=True),
    ref("class_id", "school_class.id", null=True),
    Column("generation", Integer, nullable=False),
    at("created_at"),
    UniqueConstraint("person_id"),
    UniqueConstraint("class_id", "purpose"),
)

account = Table(
    "account",
    metadata,
    identity(),
    Column("bot", String(40), nullable=False),
    Column("external_id", String(64), nullable=False),
    Column("is_group", Boolean, nullable=False),
    at("unreachable_at", null=True),
    Column("hidden_to", Id),  # outbox id up to which messages are not for who holds the chat now
    Column("push", String(10)),  # web: offered, on, declined; null: not asked yet
    at("hinted_at", null=True),  # when it was last told that its messages come without content
    Column("farewell", String(7)),  # the month in which it was told that the bot's budget is used
    at("created_at"),
    UniqueConstraint("bot", "external_id"),
)

speaker = Table(
    "speaker",
    metadata,
    ref("account_id", "account.id", key=True),
    ref("person_id", "person.id", key=True),
    Column("current", Boolean, nullable=False),
    at("since"),
    Index("ix_speaker_person", "person_id"),
)

code_try = Table(
    "code_try",
    metadata,
    identity(),
    ref("account_id", "account.id", null=True),
    Column("source", String(32)),  # keyed hash of the network address, for tries without a chat
    at("at"),
    Index("ix_code_try_account", "account_id", "at"),
    Index("ix_code_try_source", "source", "at"),
    Index("ix_code_try_at", "at"),
)

consent = Table(
    "consent",
    metadata,
    identity(),
    ref("person_id", "person.id"),
    Column("purpose", String(20), nullable=False),  # learning, naming
    Column("given_by", String(20), nullable=False),  # guardian, self
    Column("how", String(40), nullable=False),
    Column("text_version", String(20), nullable=False),
    at("given_at"),
    at("withdrawn_at", null=True),
    Index("ix_consent_person", "person_id"),
)

conversation = Table(
    "conversation",
    metadata,
    ref("account_id", "account.id", key=True),
    Column("sender", String(64), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("pending", JSON, nullable=False),
    at("at"),
    at("heard_at", null=True),  # when the person last said something here
)

inbox = Table(
    "inbox",
    metadata,
    Column("bot", String(40), primary_key=True),
    Column("update_key", String(80), primary_key=True),
    Column("outcome", String(12), nullable=False),  # done, unreadable, failed
    at("at"),
    Index("ix_inbox_at", "at"),
)

outbox = Table(
    "outbox",
    metadata,
    identity(),
    Column("bot", String(40), nullable=False),
    ref("account_id", "account.id"),
    Column("kind", String(10), nullable=False),  # say, qr, delete
    Column("body", JSON, nullable=False),
    Column("harmless", Boolean, nullable=False),
    ref("unasked_for", "person.id", null=True),
    at("created_at"),
    at("attempted_at", null=True),
    at("done_at", null=True),
    Column("outcome", String(12)),  # sent, rejected, gone, uncertain, dropped
    Column("external_id", String(64)),
    Column("rank", String(10), nullable=False, server_default="answer"),  # answer, tally, reminder
    Column("sense", JSON(none_as_null=True)),  # what must hold when it is sent; null: nothing
    Column("reason", Text),  # why it waits or ended so: ours, or the platform's words; never logged
    Column("tries", Integer, nullable=False, server_default="0"),  # calls that failed
    at("retry_at", null=True),
    Index(
        "ix_outbox_open",
        "bot",
        "id",
        sqlite_where=text("done_at IS NULL"),
        postgresql_where=text("done_at IS NULL"),
    ),
    Index("ix_outbox_account", "account_id", "id"),
    Index(
        "ix_outbox_unasked",
        "unasked_for",
        "created_at",
        sqlite_where=text("unasked_for IS NOT NULL"),
        postgresql_where=text("unasked_for IS NOT NULL"),
    ),
)

schedule = Table(
    "schedule",
    metadata,
    identity(),
    Column("key", String(80), nullable=False, unique=True),  # one row per thing that may be due
    Column("kind", String(20), nullable=False),
    ref("class_id", "school_class.id", null=True),
    ref("person_id", "person.id", null=True),
    ref("account_id", "account.id", null=True),
    Column("rule", JSON),  # cron fields, wall time in `zone`; null: once
    Column("zone", String(40)),  # null: the school's
    Column("data", JSON),
    at("next_at", null=True),
    Index("ix_schedule_person", "person_id"),
    Index(
        "ix_schedule_due",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
)

run = Table(
    "run",
    metadata,
    identity(),
    ref("person_id", "person.id"),
    ref("class_id", "school_class.id", null=True),
    Column("lesson", String(80), nullable=False),
    Column("state", JSON, nullable=False),
    Column("recorded", Boolean, nullable=False),  # false: without consent, deleted when it ends
    at("started_at"),
    at("finished_at", null=True),
    Column("score", Integer),
    Column("n_questions", Integer),
    Index("ix_run_person", "person_id", "lesson"),
    Index("ix_run_class", "class_id", "finished_at", "person_id", "lesson"),
)

attempt = Table(
    "attempt",
    metadata,
    identity(),
    ref("run_id", "run.id"),
    ref("person_id", "person.id"),
    ref("class_id", "school_class.id", null=True),
    Column("step", String(60), nullable=False),
    Column("option", String(60), nullable=False),
    Column("right", Boolean, nullable=False),
    Column("try_no", Integer, nullable=False),
    at("at"),
    Index("ix_attempt_class", "class_id", "at", "person_id"),
    Index("ix_attempt_person", "person_id"),
    Index("ix_attempt_run", "run_id"),
)

guidance = Table(
    "guidance",
    metadata,
    identity(),
    ref("pupil_id", "person.id"),
    ref("relative_id", "person.id"),
    ref("class_id", "school_class.id", null=True),
    Column("skill", String(20), nullable=False),
    Column("lesson", String(80)),
    Column("day", Date, nullable=False),
    Column("outcome", String(12), nullable=False),  # seen, together, alone
    at("claimed_at"),
    at("cancelled_at", null=True),
    Index("ix_guidance_class", "class_id", "day"),
    Index("ix_guidance_pupil", "pupil_id"),
    Index("ix_guidance_relative", "relative_id"),
)

confirmation = Table(
    "confirmation",
    metadata,
    identity(),
    ref("guidance_id", "guidance.id"),
    Column("path", String(10), nullable=False),  # chat (their own), handed (the pupil's phone)
    Column("verdict", String(10), nullable=False),  # yes, no
    ref("by_person_id", "person.id"),
    at("at"),
    Index("ix_confirmation_guidance", "guidance_id"),
)

skill_check = Table(
    "skill_check",
    metadata,
    identity(),
    ref("guidance_id", "guidance.id"),
    Column("path", String(10), nullable=False),
    ref("by_person_id", "person.id"),
    Column("n_right", Integer, nullable=False),
    Column("n_questions", Integer, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("purpose", String(8), nullable=False, server_default="shown"),  # shown, kept
    at("at"),
    Index("ix_skill_check_guidance", "guidance_id"),
)

group_binding = Table(
    "group_binding",
    metadata,
    identity(),
    ref("class_id", "school_class.id"),
    ref("account_id", "account.id"),
    ref("bound_by", "person.id", null=True),
    at("bound_at"),
    at("unbound_at", null=True),
    Index("ix_group_binding_class", "class_id"),
    Index("ix_group_binding_account", "account_id"),
)

tally = Table(
    "tally",
    metadata,
    identity(),
    ref("class_id", "school_class.id"),
    ref("account_id", "account.id"),
    Column("week_start", Date, nullable=False),
    Column("figures", JSON, nullable=False),  # as sent
    at("as_of"),
    at("created_at"),
    ref("outbox_id", "outbox.id", null=True),
    UniqueConstraint("class_id", "account_id", "week_start"),
)

class_note = Table(
    "class_note",
    metadata,
    ref("class_id", "school_class.id", key=True),
    Column("week_start", Date, primary_key=True),
    Column("text", Text, nullable=False),
    ref("by_person_id", "person.id"),
    at("at"),
)

audit = Table(
    "audit",
    metadata,
    identity(),
    at("at"),
    ref("by_person_id", "person.id", null=True),
    Column("action", String(40), nullable=False),
    Column("entity", String(40), nullable=False),
    Column("entity_id", Id, nullable=False),
    Column("old", JSON),
    Column("new", JSON),
)

push_subscription = Table(
    "push_subscription",
    metadata,
    identity(),
    ref("account_id", "account.id"),
    Column("endpoint", Text, nullable=False),
    Column("p256dh", String(120), nullable=False),
    Column("auth", String(60), nullable=False),
    at("created_at"),
    UniqueConstraint("endpoint"),
    Index("ix_push_subscription_account", "account_id"),
)

pause = Table(
    "pause",
    metadata,
    identity(),
    ref("class_id", "school_class.id", null=True),
    ref("person_id", "person.id", null=True),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date),  # inclusive; null: until somebody ends it
    ref("by_person_id", "person.id", null=True),
    at("created_at"),
    at("ended_at", null=True),
    Index("ix_pause_class", "class_id"),
    Index("ix_pause_person", "person_id"),
)

restoration = Table(  # what was sent in between is unknown: nothing harmful is repeated blindly
    "restoration",
    metadata,
    identity(),
    at("backup_at"),
    at("restored_at"),
)
