"""What each channel can show, and how fast: read by the channels, and for looking at lessons."""

from content.fit import Capabilities

# From the pages core.telegram.org/bots/api and core.telegram.org/bots/faq, read in November 2026.
TELEGRAM = Capabilities(
    max_units=4096,
    buttons=True,
    deletes=True,
    per_second=30,
    chat_interval_s=1.0,
    group_per_minute=20,
    pictures=True,
)

# As much as Telegram shows, so that a conversation reads the same; and no limits.
WEB = Capabilities(
    max_units=4096,
    buttons=True,
    deletes=True,
    per_second=10_000,
    chat_interval_s=0,
    group_per_minute=10_000,
    pictures=True,
)

# A Zalo bot: no buttons, no edits, no deleting; pictures by a public address only. No rate is
# published (over it comes 429 without a delay), so ours is a careful guess.
# From the pages bot.zaloplatforms.com/docs, sendMessage and sendPhoto, read in October 2026.
ZALO = Capabilities(
    max_units=2000,
    buttons=False,
    deletes=False,
    per_second=10,
    chat_interval_s=1.0,
    group_per_minute=20,
    pictures=True,
    captions=2000,
    addressed=True,
)
