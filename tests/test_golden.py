"""Every transcript reads the same on the turns themselves and over each channel's wire."""

import pytest

from tests.databases import sqlite_database
from tests.golden import TRANSCRIPTS, play_direct, play_over_telegram, read_story, write_story
from tests.golden_web import play_over_web, typed_only
from tests.golden_zalo import (
    play_direct_on_zalo,
    play_over_zalo,
    stories,
    write_typed,
)

STORIES = sorted(TRANSCRIPTS.glob("*.yaml"))
ON_ZALO = stories()


@pytest.fixture
def url():
    yield from sqlite_database()


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
async def test_the_story_reads_as_written(path, url, request):
    story = read_story(path)
    played = await play_direct(url, story)
    if request.config.getoption("--rewrite-golden"):
        write_story(path, played)
        story = played
    for number, (step, now) in enumerate(zip(story, played, strict=True), 1):
        assert now == step, f"{path.name}, step {number}"


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
async def test_the_story_reads_the_same_over_telegram(path, url, tmp_path):
    story = read_story(path)
    played = await play_over_telegram(url, tmp_path, story)
    for number, (step, now) in enumerate(zip(story, played, strict=True), 1):
        assert now == step, f"{path.name}, step {number}"


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
async def test_the_story_reads_the_same_on_the_web(path, url, tmp_path):
    story = read_story(path)
    played = await play_over_web(url, tmp_path, story)
    for number, (step, now) in enumerate(zip(typed_only(story), played, strict=True), 1):
        assert now == step, f"{path.name}, step {number}"


@pytest.mark.parametrize("path", ON_ZALO, ids=lambda path: path.stem)
async def test_the_story_reads_as_written_on_zalo_and_has_the_same_effects(path, url, request):
    played = await play_direct_on_zalo(url, path)
    if request.config.getoption("--rewrite-golden"):
        write_typed(path, [now for _, now in played])
    steps = zip(played, read_story(path), strict=True)
    for number, ((told, now), step) in enumerate(steps, 1):
        assert now == step, f"{path.name}, step {number}"
        assert now.get("new") == told.get("new"), f"{path.name}, step {number}"


@pytest.mark.parametrize("path", ON_ZALO, ids=lambda path: path.stem)
async def test_the_story_reads_the_same_over_zalo(path, url, tmp_path):
    story = read_story(path)
    played = await play_over_zalo(url, tmp_path, story)
    for number, (step, now) in enumerate(zip(story, played, strict=True), 1):
        assert now == step, f"{path.name}, step {number}"


def test_there_are_stories():
    assert len(STORIES) >= 10
