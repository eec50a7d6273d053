"""HTML of messages becomes light markup: readable, harmless, and in a time that no sender can stretch."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_tui.widgets.inline_markup import (
    BOLD,
    CODE,
    CODE_BLOCK,
    ITALIC,
    LINK,
    MENTION,
    QUOTE,
    QUOTE_MARK,
    SPOILER,
    STRIKE,
    parse,
)
from chat_tui_matrix.content.fields import LONGEST
from chat_tui_matrix.content.formatted import MAX_HTML, _read, to_text
from chat_tui_matrix.content.html_plain import plain_text
from chat_tui_matrix.content.html_shape import MAX_DEPTH, MAX_FORMATS, plain_enough

BODY = "the plain body"
FORBIDDEN = {chr(c) for c in (*range(9), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F), 0x2028, 0x2029)}

ELEMENTS = [
    ("plain &lt;text&gt; &amp; more", "plain <text> & more"),
    ("a < b and 1<2", "a < b and 1<2"),
    ("<b>b</b> <strong>s</strong>", "**b** **s**"),
    ("<i>i</i> <em>e</em>", "_i_ _e_"),
    ("<del>d</del> <s>s</s> <strike>k</strike>", "~~d~~ ~~s~~ ~~k~~"),
    ("<b><i>both</i></b> <em><strong>both</strong></em>", "**_both_** _**both**_"),
    ("<b><b>twice</b></b>", "**twice**"),
    ("x<b> spaced </b>y", "x **spaced** y"),
    ("in<em>side</em>word", "insideword"),
    ("<em>snake_case</em> <b>2*3</b> <del>a~b</del>", "snake_case 2*3 a~b"),
    ("<b>one<br>two</b>", "**one**\n**two**"),
    ("<b> </b><i></i>.", "."),
    ("<code>a  b*c*</code> <code>a`b</code>", "`a  b*c*` a`b"),
    ("<u>u</u> <font color='red'>f</font> x<sup>2</sup> H<sub>2</sub>O", "u f x^2 H2O"),
    ("one<br>two<br/>three<br />\nfour", "one\ntwo\nthree\nfour"),
    ("a<br><br><br><br>b", "a\n\nb"),
    ("<b><div>a</div><i><br></i><h2>b</h2></b>", "a\n\n**b**"),
    ("<b>a<b> <h2>b</h2></b></b>", "a\n**b**"),
    ("<b><br><br>x</b><br><br><i><br>y</i>", "**x**\n\n_y_"),
    ("<p>one</p>\n<p>two</p>", "one\n\ntwo"),
    ("<p>white \n\t space</p>", "white space"),
    ("<p>a</p><br><p>b</p>", "a\n\nb"),
    ("<div>a</div><div>b</div>", "a\nb"),
    ("a&nbsp;b", "a b"),
    ("<h1>Head <b>er</b></h1><p>text</p><h2>Next</h2>more", "**Head er**\ntext\n\n**Next**\nmore"),
    ("<hr>", "———"),
    ("<details><summary>More</summary><p>hidden</p></details>", "**More**\nhidden"),
    ("<blockquote><p>one</p><p>two</p></blockquote>answer", "> one\n>\n> two\nanswer"),
    ("<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n> > b"),
    ("<ul><li>a</li><li>b</li></ul><p>after</p>", "- a\n- b\n\nafter"),
    ("<p>intro</p><ul><li>a<ul><li>b<br>c</li></ul></li></ul>", "intro\n- a\n  - b\n    c"),
    ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
    ('<ol start="9"><li>a</li><li><p>b</p><p>c</p></li></ol>', "9. a\n10. b\n\n    c"),
    ('<ol start="x1"><li>a</li></ol><ol start="99999999999999"><li>b</li></ol>', "1. a\n1. b"),
    ("<li>alone</li>", "- alone"),
    ("<pre><code>a\n\n\n  b\n</code></pre>", "```\na\n\n\n  b\n```"),
    ('<pre><code class="language-c++">x &lt; y</code></pre>after', "```c++\nx < y\n```\nafter"),
    ('<pre><code class="language-a`b other">x<br>y</code></pre>', "```a\nx\ny\n```"),
    ("<pre>a\n```\nb</pre>", "```\na\n ```\nb\n```"),
    ("<pre>a <b>b</b> <i>c</i></pre>", "```\na b c\n```"),
    ("<ul><li>see<pre><code>a\nb`</code></pre></li></ul>", "- see\n  `a`\n  b`"),
    ("<blockquote><pre>*a*</pre></blockquote>", "> `*a*`"),
    ("<table><tr><td>x</td></tr></table>", "x"),
    (
        (
            "<table><thead><tr><th>A</th><th>Long</th></tr></thead><tbody><tr><td>one</td><td><b>2</b></td></tr>"
            "<tr><td>漢字</td><td></td></tr></tbody></table>after"
        ),
        "A    │ Long\n─────┼─────\none  │ 2\n漢字 │\n\nafter",
    ),
    ("<table><caption>Cap</caption><tr><td>a</td><td>b</td></tr></table>", "Cap\na │ b"),
    (f"<table><tr><td>{'x' * 120}</td><td>y</td></tr><tr><td>z</td></tr></table>", f"{'x' * 120} │ y\nz"),
    ("<span data-mx-spoiler>secret</span>", "‖secret‖"),
    ('<span data-mx-spoiler="the end">he wins</span>', "(the end) ‖he wins‖"),
    ("<span data-mx-spoiler><p>a</p><p>b</p></span>", "‖\na\n\nb\n‖"),
    ("<span data-mx-color='#ff0000'>red</span>", "red"),
    ('<img src="mxc://x/y" alt="a cat"> <img title="t"> <img src="mxc://x/z">', "[a cat] [t] [image]"),
    ('<img data-mx-emoticon src="mxc://x/y" alt=":blob:">', ":blob:"),
    ("<mx-reply><blockquote>old</blockquote></mx-reply>new", "new"),
    ("<script>alert(1)</script><style>b{}</style>text", "text"),
    ("<unknown>kept</unknown>", "kept"),
]

LINKS = [
    ('<a href="https://example.org/a">here</a>', "here (https://example.org/a)"),
    ('<a href="https://example.org">https://example.org/</a>', "https://example.org"),
    ('<a href="https://example.org/">example.org</a>', "https://example.org/"),
    ('<a href="https://example.org/"></a>', "https://example.org/"),
    ('<a href="mailto:a@example.org">a@example.org</a>', "a@example.org"),
    ('<a href="mailto:a@example.org">Ann</a>', "Ann (mailto:a@example.org)"),
    ('<a href="https://evil.example">https://bank.example</a>', "https://bank.example (https://evil.example)"),
    ('<a href="https://example.org/a b(1&quot;">x</a>', "x (https://example.org/a%20b%281%22)"),
    ('<a href="https://example.org/x_(y)">x</a>', "x (https://example.org/x_(y))"),
    ('<a href="javascript:alert(1)">x</a> <a href="data:text/html,x">y</a> <a>z</a> <a href="/rel">r</a>', "x y z r"),
    (f'<a href="https://example.org/{"x" * 3000}">long</a>', "long"),
    ('<a href="https://example.org"><p>a</p><p>b</p></a>', "a\n\nb\nhttps://example.org"),
    ('<b><a href="https://example.org/a*b">x</a></b>', "x (https://example.org/a*b)"),
    ('<a href="https://matrix.to/#/@bob:example.org">Bob B</a>: hi', "@Bob B: hi"),
    ('<a href="https://matrix.to/#/%40bob%3Aexample.org?via=x">@bob:example.org</a>', "@bob:example.org"),
    ('<a href="https://matrix.to/#/@bob:example.org"></a>', "@bob:example.org"),
    ('<a href="https://matrix.to/#/#room:example.org">#room:example.org</a>', "#room:example.org"),
    ('<a href="https://matrix.to/#/!abc:example.org?via=x">The Room</a>', "The Room"),
    ('<a href="https://matrix.to/#/!a:b.c/$e">msg</a>', "msg (https://matrix.to/#/!a:b.c/$e)"),
    ('<a href="matrix:u/bob:example.org">Bob</a> <a href="matrix:r/room:example.org"></a>', "@Bob #room:example.org"),
]


@pytest.mark.parametrize(("html", "text"), ELEMENTS + LINKS)
def test_elements(html: str, text: str) -> None:
    assert to_text(html, BODY) == text


@pytest.mark.parametrize(
    ("html", "runs"),
    [
        ("<b>b</b>, <em>e</em>: <del>d</del>", [("b", BOLD), ("e", ITALIC), ("d", STRIKE)]),
        ("<em>a <b>b</b></em>", [("a ", ITALIC), ("b", BOLD | ITALIC)]),
        ("x<br><code>c*c*</code>", [("c*c*", CODE)]),
        ('<pre><code class="language-py">a\n*b*</code></pre>', [("a\n*b*", CODE_BLOCK)]),
        ("<pre>a\n```\nb</pre>", [("a\n ```\nb", CODE_BLOCK)]),
        ('<a href="https://example.org/a_b">l</a>.', [("https://example.org/a_b", LINK)]),
        ('<a href="https://matrix.to/#/@me:x.example">Noa</a>', [("@Noa", MENTION)]),
        ("<h3>Head</h3>", [("Head", BOLD)]),
        (
            "<blockquote><pre>*x*</pre></blockquote>",
            [(">", QUOTE_MARK), (" ", QUOTE), ("*x*", CODE | QUOTE)],
        ),
        ("<span data-mx-spoiler>he <b>wins</b></span>", [("he ", SPOILER), ("wins", SPOILER | BOLD)]),
    ],
)
def test_the_app_reads_the_markup_as_it_was_meant(html: str, runs: list[tuple[str, int]]) -> None:
    body = parse(to_text(html, BODY), ("Noa",))
    assert [(body.text[run.start : run.end], run.flags) for run in body.runs] == runs


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("&#27;[31mred", "�[31mred"),
        ("&#x9b;2J &#x07; \x9b2J", "›2J � �2J"),
        ("\x1b]52;c;aGk=\x07", "�]52;c;aGk=�"),
        ("a&#x202e;b&#8294;c", "abc"),
        ("<b title='\x1b'>x</b>", "**x**"),
        ("<img alt='&#27;[2J'>", "[�[2J]"),
        ('<a href="https://x.example/&#27;[2J">t</a>', "t (https://x.example/%1B[2J)"),
        ("<pre>&#27;</pre>", "```\n�\n```"),
        ("\ud800", "?"),
        ("a\ufdd0b\ufdd1 &#xfdd0;c&#xfdd1;", "ab c"),
    ],
)
def test_nothing_steers_the_terminal(html: str, text: str) -> None:  # E7
    assert to_text(html, BODY) == text


TANGLED = [
    "<b>" * (MAX_FORMATS + 1),
    "<div>" * (MAX_DEPTH + 1),
    "<div>" * 2_000 + "</div>" * 2_000,
    "<b><table></b></table>" * 20,
    "<!-- comment --><b>x</b>",
    "<![CDATA[x]]>",
    "<?php x ?>",
    "</ x>",
    "<a b='",
    "<a ",
    "<x@example.org>",
    "<b " + "a " * 20 + ">x</b>",
    '<b "><b>x</b>',
]


@pytest.mark.parametrize("html", TANGLED)
def test_tangled_html_is_not_read_at_all(html: str) -> None:  # E7
    assert not plain_enough(html)
    assert to_text(html, "\x1b" + BODY) == "�" + BODY


@pytest.mark.parametrize(
    "html",
    [
        "<ul><li>a<li>b</ul>" * 300,
        "<p>a<p>b" * 300,
        "<div>" * MAX_DEPTH + "x" + "</div>" * MAX_DEPTH,
        "<table><tr><td>a<td>b<tr><td>c</table>" * 200,
        "<b>x</b>" * 3_000,
        "<br><hr><img>" * 300,
        "<a href='x' title=\"y>z\" rel = nofollow data-x>y</a>",
    ],
)
def test_ordinary_html_is_read(html: str) -> None:
    assert plain_enough(html)
    assert to_text(html, BODY) != BODY


@pytest.mark.parametrize("html", ["", "  ", "<p> </p>", "<mx-reply>old", "<script>x</script>", "x" * (MAX_HTML + 1)])
def test_where_html_gives_nothing_the_body_is_shown(html: str) -> None:
    assert to_text(html, BODY) == BODY
    assert len(to_text(html, "y" * 1_000_000)) == LONGEST


def test_deep_quotes_and_lists_do_not_multiply_the_text() -> None:  # E7
    for html in ("<blockquote>" * 90 + "<br>x" * 5_000, "<ul><li>" * 45 + "<br>x" * 5_000):
        assert 5_000 < len(to_text(html, BODY)) <= LONGEST


def _filled(piece: str, before: str = "") -> str:
    return before + piece * ((MAX_HTML - len(before)) // len(piece))


FORMATS = "".join(f"<b a b c d e f g={i}>" for i in range(MAX_FORMATS))
BOMBS = [
    *map(
        _filled,
        ["<a ", "<a b='", "<!--", "<![", "<b>", "<div>", "<ul><li>", "<table><b>", "<b></x>", "<p><b>", "<li>", "<br>"],
    ),
    *map(
        _filled,
        ["&amp;", "&#27;", " ", "<p>x", "<em>x</em> ", "<a href='https://x.example'>a</a>", "<table><tr><td>x</table>"],
    ),
    "".join(f"<b a b c d e f={i}>" for i in range(1_400)),
    "".join(f"<b a={i}>" for i in range(3_000)) + "<p>x" * 1_000,
    "<a " + " ".join(f"a{i}" for i in range(5_000)) + ">",
    "<div>" * 3_200 + "</p>" * 4_000,
    "<i>" * 5_000 + "</b>" * 4_000,
    _filled("<p>x", f"<p>{FORMATS}</p>"),
    _filled("x<tr>", f"<table>{FORMATS}"),
    _filled("<td>x", f"<table><td>{FORMATS}"),
    _filled("<br>x", "<blockquote>" * 90),
    _filled("<br>x", "<b><i><s><sup><u>"),
    _filled("<tr><td>x", "<table>"),
    "<table><tr><td>" + "漢" * 32_000,
]


@pytest.mark.parametrize("html", BOMBS, ids=range(len(BOMBS)))
def test_no_html_costs_much(html: str) -> None:  # E7
    to_text("<b>x</b>", BODY)  # the cleaner is made

    def cost() -> float:
        start = time.process_time()
        to_text(html[:MAX_HTML], BODY)
        return time.process_time() - start

    assert min(cost() for _ in range(3)) < 0.15


NAMES = (
    "a b i em del code pre p div br hr img ul ol li blockquote table tr td th span h1 sup details summary mx-reply "
    "script style textarea title svg math template select x"
)
ATTRIBUTES = st.sampled_from(
    [
        "",
        ' href="https://x.example"',
        " data-mx-spoiler",
        ' class="language-c"',
        ' start="3"',
        " a='>'",
        ' alt="&#27;"',
        ' href="',
        "/",
    ]
)
PIECES = st.one_of(
    st.text(st.characters(codec=None), max_size=5),
    st.sampled_from(
        ["<", ">", "&#27;", "&#x202e;", "<!--", "-->", "</", "\n```\n", "*", "_", "`", "\x1b[2J", "\ufdd0"]
    ),
    st.builds("<{}{}>".format, st.sampled_from(NAMES.split()), ATTRIBUTES),
    st.builds("</{}>".format, st.sampled_from(NAMES.split())),
)


@given(st.lists(PIECES, max_size=60).map("".join), st.text(st.characters(codec=None), max_size=5))
@settings(deadline=None, max_examples=400)
def test_no_html_raises_or_lets_a_control_through(html: str, body: str) -> None:  # E7
    text = to_text(html, body)
    assert not FORBIDDEN & set(text)
    assert "\ufdd0" not in text or "\ufdd0" in body
    text.encode("utf-8")


@given(
    st.recursive(
        st.sampled_from(["word", "two words", " ", "<br>", "x_y", "a*b"]),
        lambda inner: st.builds(
            lambda name, parts: f"<{name}>{''.join(parts)}</{name}>",
            st.sampled_from(["b", "em", "del", "p", "div", "ul", "li", "blockquote", "u", "h2"]),
            st.lists(inner, max_size=4),
        ),
        max_leaves=20,
    )
)
@settings(deadline=None)
def test_all_words_are_kept_in_order(html: str) -> None:
    text = to_text(html, "")
    words = [word for word in ("word", "two", "words", "x_y", "a*b") if word in html]
    assert all(word in text for word in words)
    assert text.count("word") == html.count("word")
    assert "\n\n\n" not in text
    assert not any(line.endswith(" ") for line in text.split("\n"))


def test_the_cleaner_is_loaded_when_html_comes() -> None:
    code = (
        "import sys; from chat_tui_matrix.content import messages, outgoing, formatted; early = {'nh3', 'markdown_it'} & set("
        "sys.modules); formatted.to_text('<ul><li>x</li></ul>', ''); sys.exit(bool(early) or 'nh3' not in sys.modules)"
    )
    paths = [path for path in sys.path if path]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}; {code}"], check=False, timeout=50
    )
    assert done.returncode == 0


_SAID = st.lists(
    st.sampled_from(["a", " ", "w w", "*", "~", "`", "_x", "é", ">", "&amp;", "&lt;", "&quot;"]), max_size=3
)
_WORDS = _SAID.map("".join)
_WRAPPED = st.builds("<{0}>{1}</{0}>".format, st.sampled_from(["b", "strong", "em", "i", "del", "code"]), _WORDS)
_BREAKS = st.sampled_from(["<br>", "<br/>", "<br />", "</p><p>", "</p>\n<p>"])
_SIMPLE = st.lists(_WORDS | _WRAPPED | _BREAKS, max_size=7).map("".join)


@settings(max_examples=600)
@given(_SIMPLE, st.booleans())
def test_simple_html_reads_without_a_parser_as_with_one(html: str, paragraph: bool) -> None:  # E7
    html = f"<p>{html}</p>" if paragraph else html
    text = plain_text(html)
    assert text is None or text == _read(html)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            "<p>Hello <strong>you &amp; me</strong>,<br>see <em>this</em> <code>x &lt; y</code>.</p>",
            "Hello **you & me**,\nsee _this_ `x < y`.",
        ),
        ("<p>one</p>\n<p>two</p>", "one\n\ntwo"),
        ("plain", "plain"),
        ("<p>in<em>side</em></p>", None),
        ("<p>not closed", None),
        ("<b><i>nested</i></b>", None),
        ("<b>2*3</b>", "2*3"),
        ("<b>2*3</b><i>x</i>", None),
        ("two  spaces", None),
        ("a\x1b[31m", None),
        ('<b class="x">b</b>', None),
        ("<script>x</script>", None),
        ("", None),
    ],
)
def test_only_the_simplest_html_needs_no_parser(html: str, text: str | None) -> None:  # E7
    assert plain_text(html) == text
