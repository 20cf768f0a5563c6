"""The broker that is a folder: who looks into it meets whole messages only, the oldest first."""

import os
from queue import Empty

import pytest
from kombu import Connection

from mesoclinic.core import folder_broker

pytestmark = pytest.mark.engine


@pytest.fixture
def open_channel(tmp_path):
    for folder in ("queue", "control"):
        (tmp_path / folder).mkdir()
    queue = str(tmp_path / "queue")
    options = {"data_folder_in": queue, "data_folder_out": queue, "control_folder": str(tmp_path / "control")}
    folder_broker.install()
    return lambda: Connection("folder://localhost", transport_options=options).channel()


def test_a_message_is_not_seen_before_it_is_whole(open_channel, monkeypatch):
    writer, reader = open_channel(), open_channel()
    looked, rename = [], os.rename

    def look_first(part, whole):
        monkeypatch.setattr(os, "rename", rename)
        with pytest.raises(Empty):
            reader._get("celery")
        looked.append(reader._size("celery"))
        os.rename(part, whole)

    monkeypatch.setattr(os, "rename", look_first)
    writer._put("celery", {"body": "a plan is wanted"})

    assert looked == [0]
    assert reader._get("celery") == {"body": "a plan is wanted"}


def test_messages_are_taken_in_their_order_each_from_its_own_queue(open_channel, monkeypatch):
    writer, reader = open_channel(), open_channel()
    clock = iter(range(1000, 2000))
    monkeypatch.setattr(folder_broker, "monotonic", lambda: next(clock))
    for number in (1, 2, 3):
        writer._put("celery", {"body": number})
    writer._put("other", {"body": "not for us"})

    assert [reader._get("celery")["body"] for _message in range(3)] == [1, 2, 3]
    with pytest.raises(Empty):
        reader._get("celery")


def test_a_folder_that_takes_nothing_is_said(open_channel, tmp_path):
    writer = open_channel()
    (tmp_path / "queue").rmdir()

    with pytest.raises(folder_broker.ChannelError):
        writer._put("celery", {"body": "a plan is wanted"})
