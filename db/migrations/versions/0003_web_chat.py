"""The web chat: its history, tries without a chat, a second code of a class for its page."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("account", sa.Column("hidden_to", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("code") as table:
        table.drop_constraint("uq_code_class_id", type_="unique")
        table.create_unique_constraint("uq_code_class_id_purpose", ["class_id", "purpose"])
    with op.batch_alter_table("code_try") as table:
        table.alter_column("account_id", existing_type=sa.BigInteger(), nullable=True)
        table.add_column(sa.Column("source", sa.String(length=32), nullable=True))
    op.create_index("ix_code_try_source", "code_try", ["source", "at"])
    op.create_index("ix_outbox_account", "outbox", ["account_id", "id"])


def downgrade() -> None:
    """Back; what only this release knows is dropped."""
    op.drop_index("ix_outbox_account", "outbox")
    op.drop_index("ix_code_try_source", "code_try")
    op.execute("DELETE FROM code_try WHERE account_id IS NULL")
    with op.batch_alter_table("code_try") as table:
        table.drop_column("source")
        table.alter_column("account_id", existing_type=sa.BigInteger(), nullable=False)
    op.execute("DELETE FROM code WHERE purpose = 'page'")
    with op.batch_alter_table("code") as table:
        table.drop_constraint("uq_code_class_id_purpose", type_="unique")
        table.create_unique_constraint("uq_code_class_id", ["class_id"])
    op.drop_column("account", "hidden_to")
