"""The Matrix backend passes the contract's own checks against a real homeserver, in each of its three modes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chat_tui_core import conformance
from tests.matrix_live.ours import MODES, SynapseStage
from tests.matrix_live.people import people_at
from tests.matrix_live.proxy import Proxy
from tests.matrix_live.synapse import Synapse


@pytest.fixture(params=MODES)
async def stage(request: pytest.FixtureRequest, synapse: Synapse, proxy: Proxy) -> AsyncIterator[SynapseStage]:
    async with people_at(synapse.url) as people:
        yield SynapseStage(request.param, proxy, people)


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
async def test_conformance(check: conformance.Check, stage: SynapseStage, tmp_path: Path) -> None:  # B1, B12, B13
    await check(stage, tmp_path / "client")
