"""Any orders, answers and breaks in any order: one word on each order, no message before its bytes, one transaction a file."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chat_tui_core.contract import Link
from chat_tui_core.file_news import (
    AcceptFile,
    EndFile,
    Ending,
    FileDone,
    FileMoved,
    FileRefused,
    FileStopped,
    FileTaken,
    FileTold,
    KeptFile,
    OfferFile,
    PauseFile,
    ResumeFile,
)
from chat_tui_matrix.wire.calls import Began, Call, Fetched, OnItsWay, Pictured, Refusal, Sent, Stilled, Unfit
from tests.matrix.driver import ROOM, Driver, message, section

IDS = st.sampled_from([1, 2])
NAMES = {1: "a.png", 2: "b.bin"}
SIZE = 1_000
ENDS = (FileDone, FileRefused, FileStopped, FileTold)


class Orders(RuleBasedStateMachine):
    """A session that gives orders as they come to its mind, and a server that answers as it likes."""

    @initialize()
    def begin(self) -> None:
        self.driver = Driver()
        self.driver.online(section(ROOM, message("before")))
        self.driver.quiet()
        self.refs: dict[int, tuple[str, str]] = {}
        self.there: set[int] = set()
        self.txns: dict[str, set[str]] = {}
        self.syncs = 1
        self.words = self.given = 0

    def take(self) -> None:
        for item in self.driver.news():
            if isinstance(item, FileTaken) and item.ref.startswith(("mxc:", "upload:")) and not item.ticket:
                self.refs[item.transfer] = (item.ref, item.memo)
            self.words += isinstance(item, ENDS)
            if isinstance(item, FileMoved):
                assert 0 <= item.done <= SIZE
        for call in self.driver.calls:
            path = call.request.path
            if "/send/" in path:
                transfer, _, number = path.rpartition("/")[2].partition(".")
                assert int(transfer) in self.there, "a message before its bytes"
                self.txns.setdefault(transfer, set()).add(number)

    def order(self, order: OfferFile | ResumeFile | AcceptFile | EndFile) -> None:
        self.driver.core.order(order, self.driver.now)
        self.given += 1
        self.take()

    @rule(transfer=IDS)
    def offer(self, transfer: int) -> None:
        self.order(OfferFile(transfer, ROOM, NAMES[transfer], SIZE, f"{transfer}" * 64, "image/png"))

    @rule(transfer=IDS)
    def resume(self, transfer: int) -> None:
        ref, memo = self.refs.get(transfer, ("", ""))
        if memo:
            self.order(ResumeFile(transfer, ref, "", SIZE, memo))

    @rule(transfer=IDS, done=st.integers(0, SIZE))
    def accept(self, transfer: int, done: int) -> None:
        self.order(AcceptFile(transfer + 10, ROOM, f"mxc://x/{transfer}", SIZE, done))

    @rule(transfer=st.sampled_from([1, 2, 11, 12]), ending=st.sampled_from(Ending))
    def end(self, transfer: int, ending: Ending) -> None:
        self.order(EndFile(transfer, "", "", ending))

    @rule(transfer=st.sampled_from([1, 2, 11, 12]), done=st.integers(0, SIZE))
    def pause_or_keep(self, transfer: int, done: int) -> None:
        order = PauseFile(transfer) if done % 2 else KeptFile(transfer, done)
        self.driver.core.order(order, self.driver.now)
        self.take()

    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        calls = [call for call in self.driver.all_calls() if "/sync" not in call.request.path]
        if calls:
            self.answer_one(data, data.draw(st.sampled_from(calls)))

    @rule(data=st.data())
    def answer_all(self, data: st.DataObject) -> None:
        for _ in range(3):
            for call in self.driver.all_calls("config|upload|send"):
                self.answer_one(data, call)

    def answer_one(self, data: st.DataObject, call: Call) -> None:
        good = {"content_uri": "mxc://x/y", "event_id": "$e", "m.upload.size": 5_000}
        bad = [Refusal("M_FORBIDDEN", "No"), Refusal("", ""), Unfit("Not this."), {}, []]
        answer = data.draw(st.sampled_from([*[good] * 8, Fetched(SIZE), *bad]))
        status = data.draw(st.sampled_from([403, 404, 413, 429, 500, 502])) if isinstance(answer, Refusal) else 200
        if call.request.upload is not None and answer is good:
            self.there.add(call.request.upload.transfer)
        self.driver.reply_to(call, answer, status)
        self.take()

    @rule(data=st.data())
    def meet(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(self.driver.made)) if self.driver.made else None
        if call is None:
            return
        news: list[OnItsWay] = [Sent(call.id, 500), Pictured(call.id, 3, 2), Began(call.id, 0, SIZE), Stilled(call.id)]
        self.driver.core.receive(data.draw(st.sampled_from(news)), self.driver.now)
        self.take()

    @rule()
    def let_time_pass(self) -> None:
        self.driver.advance(3.0)
        self.take()

    @precondition(lambda self: self.driver.core.link is Link.ONLINE)
    @rule()
    def break_and_mend(self) -> None:
        self.driver.fail("sync")
        self.take()
        self.driver.advance(5.0)
        self.syncs += 1
        self.driver.sync(f"s{self.syncs}", section())
        self.take()

    @invariant()
    def each_file_has_one_transaction(self) -> None:
        assert all(len(numbers) == 1 for numbers in getattr(self, "txns", {}).values())

    @invariant()
    def no_order_has_two_words(self) -> None:
        assert getattr(self, "words", 0) <= getattr(self, "given", 0)


Orders.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestOrders = Orders.TestCase  # D3, D5, B12
