"""The colours and the layout of the scorecard's page."""

# The kinds of error are shades of grey: the colours of the palette stand for classes.
STYLE = """
:root { color-scheme: light dark; --ground: #ffffff; --panel: #f4f5f7; --ink: #1b1f24; --soft: #59636e;
  --line: #d4d9de; --link: #0072b2; --missed: #303030; --alarms: #909090; --outlines: #e3e3e3; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171b; --panel: #1e2329; --ink: #e8ebee;
  --soft: #a3adb8; --line: #39414a; --link: #3a9bd9;
  --missed: #f2f2f2; --alarms: #9a9a9a; --outlines: #3f454c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: var(--ground);
  color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 0.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 3rem 0 1rem; padding-top: 1.5rem; border-top: 1px solid var(--line);
  overflow-wrap: anywhere; }
h3 { font-size: 1.05rem; margin: 2.2rem 0 0.5rem; }
a { color: var(--link); } p { max-width: 46rem; } .soft, caption, dt { color: var(--soft); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: 0.75rem;
  margin: 1rem 0; }
dl div { background: var(--panel); border-radius: 0.5rem; padding: 0.75rem 1rem; }
dt { font-size: 0.85rem; } dd { margin: 0; font-size: 0.85rem; }
dd.key { font-size: 1.5rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: 0.4rem; font-size: 0.9rem; }
caption span { position: sticky; left: 0; display: inline-block; max-width: min(46rem, calc(100vw - 2.5rem));
  white-space: normal; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: 0.15rem 1rem; margin: 0.5rem 0 1rem; }
dl.facts dd { overflow-wrap: anywhere; }
figure { margin: 1rem 0; } figure img { max-width: 100%; height: auto; }
figcaption { color: var(--soft); font-size: 0.85rem; }
th, td { padding: 0.3rem 0.9rem 0.3rem 0; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th { font-weight: 600; } tbody th, thead th:first-child, tfoot th { text-align: left; }
table.words td:last-child, table.words th:last-child { text-align: left; white-space: normal; }
tfoot th, tfoot td { font-weight: 600; border-bottom: 0; }
svg { display: block; max-width: 100%; height: auto; }
svg.bars { width: 45rem; } svg.square { width: 20rem; }
svg text { fill: var(--ink); font-size: 13px; } svg .right { text-anchor: end; }
svg .middle { text-anchor: middle; } svg .figure { font-variant-numeric: tabular-nums; }
.missed { fill: var(--missed); stroke: var(--soft); }
.alarms { fill: var(--alarms); stroke: var(--soft); } .outlines { fill: var(--outlines);
  stroke: var(--soft); }
.frame { fill: none; stroke: var(--line); } .grid { stroke: var(--soft); stroke-dasharray: 4 4; }
.curve { fill: none; stroke: var(--link); stroke-width: 1.5; } circle { fill: var(--link); }
.beside { display: flex; flex-wrap: wrap; gap: 2rem; align-items: flex-start; }
@media print { body { max-width: none; } section { break-inside: avoid-page; } }
"""
