"""Nothing that is said in an encrypted room leaves in clear text."""

from __future__ import annotations

import pytest

from chat_tui_core.actions import Kind
from chat_tui_core.contract import RefusedAction, Written
from tests.matrix.action_stage import ROOM, Stage


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.rooms.state.pieces[ROOM, "m.room.encryption", ""] = {"algorithm": "m.megolm.v1.aes-sha2"}
    return stage


@pytest.mark.parametrize(
    ("kind", "content"), [(Kind.SEND, {"text": "secret"}), (Kind.EDIT, {"target": "$t", "text": "secret"})]
)
def test_what_is_said_is_refused_before_anything_is_written(
    stage: Stage, kind: Kind, content: dict[str, object]
) -> None:  # B13
    stage.do(kind, content)
    assert stage.calls() == []
    (news,) = [item for item in stage.news() if not isinstance(item, Written)]
    assert isinstance(news, RefusedAction)
    assert news.code == "ENCRYPTED"
    assert "another client" in news.text


def test_a_reaction_is_never_encrypted_and_goes(stage: Stage) -> None:
    stage.do(Kind.REACT, {"target": "$t", "key": "👍"})
    assert len(stage.calls()) == 1
