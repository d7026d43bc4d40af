"""The demo: a made-up school on the product itself; only its data, its clock and its page."""
