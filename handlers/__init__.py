"""The conversation: one file per thing a person does."""
