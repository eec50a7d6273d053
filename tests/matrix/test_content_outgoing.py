"""What a person types becomes content that every Matrix client understands and no server chokes on."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_tui.widgets.inline_markup import parse
from chat_tui_core.actions import Action, Kind
from chat_tui_matrix.content import markdown, messages
from chat_tui_matrix.content.formatted import to_text
from chat_tui_matrix.content.outgoing import LARGEST, clean, content
from chat_tui_matrix.wire.events import MatrixEvent

JSON = dict[str, Any]
SEND, EDIT, REACT = Kind.SEND, Kind.EDIT, Kind.REACT
HTML = "org.matrix.custom.html"


def made(done_is: Kind = SEND, /, **done: Any) -> JSON:
    event_type, found = content(Action(1, done_is, "!r", done))
    assert event_type == ("m.reaction" if done_is is REACT else "m.room.message")
    return found


def plain(body: str, **more: Any) -> JSON:
    return {"msgtype": "m.text", "body": body, "m.mentions": {}, **more}


# (what is typed, its HTML, what that is shown as; None: the same)
MARKED: list[tuple[str, str, str | None]] = [
    ("**b** and _i_ and ~~s~~", "<strong>b</strong> and <em>i</em> and <del>s</del>", None),
    ("`a*b*`", "<code>a*b*</code>", None),
    ("a *bold* word", "a <strong>bold</strong> word", "a **bold** word"),
    (r"no \*emphasis\*", "no *emphasis*", "no *emphasis*"),
    ("**<b>&amp;**", "<strong>&lt;b&gt;&amp;amp;</strong>", None),
    ("one **b**\ntwo", "one <strong>b</strong><br />\ntwo", None),
    ("[text](https://example.org)", '<a href="https://example.org">text</a>', "text (https://example.org)"),
    ("<https://example.org>", '<a href="https://example.org">https://example.org</a>', "https://example.org"),
    ("**https://example.org/_a_**", "<strong>https://example.org/_a_</strong>", None),
    ("- a\n- b\n  - c", "<ul>\n<li>a</li>\n<li>b\n<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>", None),
    ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>', None),
    ("> q", "<blockquote>\n<p>q</p>\n</blockquote>", None),
    ("# Head", "<h1>Head</h1>", "**Head**"),
    ("```py\nx  = 1\n\n\ny\n```", '<pre><code class="language-py">x  = 1\n\n\ny\n</code></pre>', None),
    (
        "|a|b|\n|-|-|\n|1|2|",
        (
            "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td>2</td>\n</tr>\n"
            "</tbody>\n</table>"
        ),
        "a │ b\n──┼──\n1 │ 2",
    ),
    ("he ||**wins**|| it", 'he <span data-mx-spoiler=""><strong>wins</strong></span> it', "he ‖**wins**‖ it"),
    ("`||a||`", "<code>||a||</code>", None),
    ("one\n\n**two**", "<p>one</p>\n<p><strong>two</strong></p>", None),
]


@pytest.mark.parametrize(("typed", "html", "shown"), MARKED)
def test_markdown_becomes_html_and_comes_back(typed: str, html: str, shown: str | None) -> None:
    found = made(text=typed)
    assert found == plain(typed, format=HTML, formatted_body=html)
    assert to_text(html, "") == (shown or typed)
    said = messages.read(MatrixEvent("m.room.message", found))
    assert said is not None
    assert said.text == (shown or typed)


@pytest.mark.parametrize(
    "typed",
    [
        "hi",
        "",
        "two\nlines",
        "two\n\nparagraphs",
        "    four spaces",
        "trailing  \nspaces  ",
        "2 * 3 * 4 and snake_case_name and ~5",
        "<b>not html</b> & &amp;",
        "https://example.org/_foo_/*bar*?a=1&b=2 or http://x.example/__z__",
        "![image](mxc://x/y",
        "[1]: https://example.org",
        "[x](javascript:alert(1))",
        "-",
        "+",
        "1.",
        "#",
        ">",
        "---",
        "+1",
        "a || b || c",
        "|| x ||",
        "||a",
        "#hash",
        "/me waves",
        "x" * (markdown.MAX_MARKDOWN + 1) + "**b**",
    ],
)
def test_plain_text_stays_plain(typed: str) -> None:
    assert made(text=typed) == plain(typed)


@pytest.mark.parametrize(
    ("done", "more"),
    [
        ({"kind": "notice"}, {"msgtype": "m.notice"}),  # B21
        ({"kind": "emote"}, {"msgtype": "m.emote"}),
        ({"kind": "other"}, {}),
        ({"reply_to": "$0"}, {"m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}}),
        (
            {"reply_to": "$0", "reply_sender": "@b:x.example"},
            {"m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}, "m.mentions": {"user_ids": ["@b:x.example"]}},
        ),
        ({"reply_sender": "@b:x.example"}, {}),
        (
            {"thread": "$r"},
            {
                "m.relates_to": {
                    "rel_type": "m.thread",
                    "event_id": "$r",
                    "is_falling_back": True,
                    "m.in_reply_to": {"event_id": "$r"},
                }
            },
        ),
        (
            {"thread": "$r", "latest": "$9"},
            {
                "m.relates_to": {
                    "rel_type": "m.thread",
                    "event_id": "$r",
                    "is_falling_back": True,
                    "m.in_reply_to": {"event_id": "$9"},
                }
            },
        ),
        (
            {"thread": "$r", "reply_to": "$0"},
            {
                "m.relates_to": {
                    "rel_type": "m.thread",
                    "event_id": "$r",
                    "is_falling_back": False,
                    "m.in_reply_to": {"event_id": "$0"},
                }
            },
        ),
    ],
)
def test_what_a_message_is_and_hangs_on(done: JSON, more: JSON) -> None:
    assert made(text="hi", **done) == plain("hi") | more


FILE: JSON = {"name": "cat.png", "size": 9, "mime": "image/png", "ref": "mxc://x.y/z", "width": 4, "height": 3}


@pytest.mark.parametrize(("text", "caption"), [("cat.png", {}), ("my **cat**", {"body": "my **cat**"})])
def test_a_file_that_the_server_has_is_named_again(text: str, caption: JSON) -> None:
    # C7
    found = made(text=text, file=FILE)
    assert (found["msgtype"], found["url"], found["filename"]) == ("m.image", "mxc://x.y/z", "cat.png")
    assert found["info"] == {"size": 9, "mimetype": "image/png", "w": 4, "h": 3}
    assert found["body"] == text
    assert ("formatted_body" in found) == bool(caption)


@pytest.mark.parametrize("ref", ["", "encrypted:mxc://x.y/z", "http://x.example/z", 7])
def test_a_file_that_cannot_be_named_again_is_refused(ref: object) -> None:
    # E7
    with pytest.raises(ValueError, match="sent again"):
        made(text="x", file={**FILE, "ref": ref})


@pytest.mark.parametrize(
    ("typed", "mentions"),
    [
        ("hi @bob:example.org, @ann:x.example:8448!", {"user_ids": ["@bob:example.org", "@ann:x.example:8448"]}),
        ("@bob:x.example @bob:x.example", {"user_ids": ["@bob:x.example"]}),
        ("**@bob:x.example**", {"user_ids": ["@bob:x.example"]}),
        ("`@bob:x.example` mail@bob:x.example @bob @:x.example", {}),
        ("```\n@bob:x.example @room\n```", {}),
        ("@room: now", {}),
        ("hey @room!", {"room": True}),
        ("@roomy me@room @room:x.example", {"user_ids": ["@room:x.example"]}),
    ],
)
def test_mentions(typed: str, mentions: JSON) -> None:
    assert made(text=typed)["m.mentions"] == mentions


PEOPLE = {"@ada:one.example": "Ada L.", "@bob:x.example": "", "@cy:x.example": "cy", "@cy:y.example": "cy"}


@pytest.mark.parametrize(
    ("typed", "users"),
    [
        ("bob: are you there?", ["@bob:x.example"]),
        ("Bob, come", ["@bob:x.example"]),
        ("ada l.: hi", ["@ada:one.example"]),
        ("thanks @Ada L. and @bob!", ["@ada:one.example", "@bob:x.example"]),
        ("ask @ada:two.example", ["@ada:two.example"]),
        ("@ada: look", ["@ada:one.example"]),
        ("cy: which of you?", ["@cy:x.example", "@cy:y.example"]),
        ("bob is here, and ada too", []),
        ("`@bob` mail@bob bob:80 @bobby", []),
    ],
)
def test_people_are_named_as_they_are_called(typed: str, users: list[str]) -> None:
    _, found = content(Action(1, SEND, "!r", {"text": typed}), PEOPLE)
    assert found["m.mentions"] == ({"user_ids": users} if users else {})


@pytest.mark.parametrize("typed", ["*b*", "a *b* c", "**b**", "_i_", "**_b_**", "~~s~~", "`c`", "one *b*\n_i_ two"])
def test_what_is_typed_looks_the_same_when_it_comes_back(typed: str) -> None:  # E2, E8
    back = to_text(made(text=typed)["formatted_body"], "")
    assert parse(back) == parse(typed)


def test_edits() -> None:
    assert made(EDIT, target="$0", text="*new* @b:x.example") == {
        "msgtype": "m.text",
        "body": "* *new* @b:x.example",
        "format": HTML,
        "formatted_body": "* <strong>new</strong> @b:x.example",
        "m.mentions": {},
        "m.new_content": {
            "msgtype": "m.text",
            "body": "*new* @b:x.example",
            "format": HTML,
            "formatted_body": "<strong>new</strong> @b:x.example",
            "m.mentions": {"user_ids": ["@b:x.example"]},
        },
        "m.relates_to": {"rel_type": "m.replace", "event_id": "$0"},
    }


def test_an_edit_is_read_as_it_was_meant() -> None:
    said = messages.read(MatrixEvent("m.room.message", made(EDIT, target="$0", text="**new**")))
    assert said is not None
    assert (said.edit_of, said.text) == ("$0", "**new**")


def test_reactions() -> None:
    found = made(REACT, target="$0", key="👍\0")
    assert found == {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$0", "key": "👍�"}}
    assert made(REACT, target="$0", key="x" * 99)["m.relates_to"]["key"] == "x" * 64


@pytest.mark.parametrize("kind", sorted(set(Kind) - {SEND, EDIT, REACT}))
def test_other_actions_are_no_events(kind: Kind) -> None:
    with pytest.raises(ValueError, match="no event"):
        content(Action(1, kind, "!r"))


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [("a\0b", "a�b"), ("\ud83d\ude00", "😀"), ("\ud83d x \ude00", "� x �"), ("\r\n\t", "\r\n\t"), (None, ""), (5, "")],
)
def test_texts_that_servers_choke_on(text: object, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("text", "html"),
    [("**b** " + "x" * 15_000, True), ("**b** " + "漢" * 15_000, False), ("**b** " + "x" * 57_000, False)],
)
def test_html_is_left_out_where_it_would_be_too_much(text: str, html: bool) -> None:  # B13
    found = made(text=text)
    assert found["body"] == text
    assert ("formatted_body" in found) == html
    assert len(json.dumps(found, ensure_ascii=False).encode()) <= LARGEST


@pytest.mark.parametrize("text", ["x" * 57_000, "**b** " + "漢" * 15_000, "**b** " + "x" * 15_500])
def test_an_edit_of_a_long_text_fits_and_is_whole(text: str) -> None:  # B13
    found = made(EDIT, target="$0", text=text)
    assert found["m.new_content"]["body"] == text
    assert found["body"].startswith("* " + text[:400])
    assert len(json.dumps(found, ensure_ascii=False).encode()) <= LARGEST


TEXTS = st.text(
    st.one_of(st.sampled_from("*_`~[]()<>#|->+\n 1.@:/\\\0\ud800&"), st.characters(codec=None)), max_size=60
)


@given(TEXTS, TEXTS, st.sampled_from([SEND, EDIT]), st.sampled_from(["", "emote"]))
@settings(deadline=None, max_examples=400)
def test_any_text_can_be_sent(text: str, target: str, kind: Kind, how: str) -> None:
    found = made(kind, text=text, reply_to=target, target=target, thread=target, kind=how)
    sent = json.dumps(found, ensure_ascii=False, allow_nan=False).encode()  # raises on a lone surrogate
    assert b"\\u0000" not in sent
    assert found.get("m.new_content", found)["body"] == clean(text)
    assert messages.read(MatrixEvent("m.room.message", found)) is not None


@given(
    st.lists(st.sampled_from(["word", "two words", "x_y", "2 * 3", "a.", "https://x.example/_z_", "\n"]), max_size=12)
)
@settings(deadline=None)
def test_words_without_markup_are_never_formatted(words: list[str]) -> None:
    assert "formatted_body" not in made(text=" ".join(words).strip())


@pytest.mark.parametrize("piece", ["[", "*a ", "_a*", "> ", "- ", "`", "[a](<", "|a", "~~", "https://("])
def test_no_text_takes_long_to_send(piece: str) -> None:
    text = (piece * markdown.MAX_MARKDOWN)[: markdown.MAX_MARKDOWN]
    start = time.process_time()
    made(text=text)
    assert time.process_time() - start < 1.0
