"""The style of the HTML report: light and dark by the reader's choice, from a phone's width to paper."""

STYLE = """\
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#59626d;--line:#d4d9df;--box:#f6f8fa;--link:#0b57c2;
--error:#b3151f;--warning:#8a5a00;--note:#0b6a86;--good:#146c2e;--add:#dcf5e1;--del:#fde3e3}
@media(prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e2e6ea;--dim:#9aa4ae;--line:#383f47;--box:#1d2125;
--link:#7db4ff;--error:#ff8182;--warning:#e2b14a;--note:#68c6e2;--good:#6fd08c;--add:#16361f;--del:#431d1f}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem 1.25rem 3rem;max-width:72rem;background:var(--bg);color:var(--fg);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.25rem;margin:2.2rem 0 .6rem;border-bottom:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.6rem 0 .4rem}h4{font-size:1rem;font-weight:600;margin:0 0 .4rem}
p{margin:.4rem 0}a{color:var(--link)}small,.dim{color:var(--dim);font-size:.875rem;font-weight:400}
code,pre,svg{font-family:ui-monospace,"SFMono-Regular",Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace}
code{font-size:.875em}
pre{margin:.15rem 0 .6rem;padding:.5rem .7rem;background:var(--box);border:1px solid var(--line);border-radius:6px;
font-size:.8125rem;line-height:1.4;overflow-x:auto;overflow-wrap:normal;tab-size:4}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem;overflow-wrap:break-word}
th,td{padding:.25rem .6rem .25rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th,td code,.index td:first-child{white-space:nowrap}
th{font-weight:600;color:var(--dim)}td.range code{white-space:pre}
nav{margin:.6rem 0}nav a{margin-right:1rem}
article{margin:.8rem 0 1.4rem;padding:.1rem 0 0 .9rem;border-left:4px solid var(--line)}
article.error{border-color:var(--error)}article.warning{border-color:var(--warning)}article.note{border-color:var(--note)}
.level{margin-right:.4rem;font-weight:700;font-size:.875rem}
.error>.level,b.error,.m-error{color:var(--error)}.warning>.level,b.warning,.m-warning{color:var(--warning)}
.note>.level,b.note,.m-note{color:var(--note)}.m-frame{color:var(--dim)}.good{color:var(--good)}
.m-error,.m-warning,.m-note{font-weight:700}
dl{margin:.3rem 0;display:grid;grid-template-columns:max-content 1fr;gap:.2rem .8rem}
dt{font-weight:600;color:var(--dim)}dd{margin:0;min-width:0}
ol{margin:.2rem 0;padding-left:1.6rem}ul{margin:.3rem 0;padding-left:1.3rem}
summary{cursor:pointer}details{margin:.3rem 0}
ins,del{display:block;text-decoration:none;margin:0 -.7rem;padding:0 .7rem}
ins{background:var(--add)}del{background:var(--del)}
svg{display:block;font-size:12px}svg text{fill:var(--fg)}svg .title{font-weight:700}svg .faint{fill:var(--dim)}
svg rect,svg path{fill:none;stroke:var(--dim)}svg rect.host{stroke:var(--line)}svg rect.node{fill:var(--box)}
svg .clash{stroke:var(--error);stroke-width:2}svg path.clash{stroke-dasharray:5 4}
@media(max-width:40rem){body{padding:.5rem .7rem 2rem}article{padding-left:.6rem}pre{font-size:.75rem}
dl{grid-template-columns:1fr}dd{margin-bottom:.3rem}.index td:nth-child(3),.index th:nth-child(3){display:none}}
@media print{:root{--bg:#fff;--fg:#000;--dim:#444;--line:#bbb;--box:#fff;--link:#000;--error:#900;--warning:#640;
--note:#046;--add:#eee;--del:#fff}
body{max-width:none;padding:0;font-size:10pt}pre{font-size:7.5pt;white-space:pre-wrap;overflow:visible}nav{display:none}
article,tr,svg{break-inside:avoid}h2,h3,h4{break-after:avoid}.wide{overflow:visible}
td code,td.range code{white-space:pre-wrap}svg{max-width:100%;height:auto}
details::details-content{content-visibility:visible;block-size:auto}}
"""
