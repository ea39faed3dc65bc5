import { Markup } from './markup.ts';

/** Readable on a phone at night and on paper; colours never carry a meaning alone. */
export const STYLE = new Markup(`
:root { color-scheme: light dark; --fail: #b3261e; --unknown: #6a3ea1; --warn: #8a5a00; --pass: #1b6e3c; --info: #3b5b77; --line: #8884; }
@media (prefers-color-scheme: dark) { :root { --fail: #ff8a80; --unknown: #cbaaff; --warn: #ffc766; --pass: #7fdba0; --info: #a9c7e0; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; overflow-wrap: anywhere; }
header { border-left: .5rem solid var(--line); padding-left: 1rem; }
header p { margin: .25rem 0; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .25rem 0; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0 0 .25rem; }
article { border: 1px solid var(--line); border-left: .35rem solid var(--line); border-radius: .25rem; margin: .75rem 0; padding: .6rem .9rem; break-inside: avoid; }
article p { margin: .25rem 0; }
.fail { border-left-color: var(--fail); } .unknown { border-left-color: var(--unknown); } .warn { border-left-color: var(--warn); }
.pass { border-left-color: var(--pass); } .info { border-left-color: var(--info); }
.tag { font-weight: 700; text-transform: uppercase; font-size: .8rem; }
.fail .tag { color: var(--fail); } .unknown .tag { color: var(--unknown); } .warn .tag { color: var(--warn); }
.pass .tag { color: var(--pass); } .info .tag { color: var(--info); }
.change { font-weight: 400; font-size: .85rem; border: 1px solid var(--line); border-radius: 1rem; padding: 0 .5rem; }
.numbers { font-variant-numeric: tabular-nums; font-weight: 600; }
.means, .source { opacity: .8; font-size: .9rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th { white-space: nowrap; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .5rem; text-align: left; vertical-align: top; min-width: 5rem; }
code { font-size: .85rem; overflow-wrap: normal; }
pre { font-size: .85rem; white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: .25rem; margin: .4rem 0; padding: .4rem .6rem; user-select: all; }
figure { margin: .75rem 0; min-width: 0; } figcaption { font-weight: 600; } .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 1.5rem; }
svg { width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: currentColor; opacity: .8; } svg path { fill: none; stroke-width: 2; } svg .grid { stroke: var(--line); stroke-width: 1; }
.line-0 { stroke: #2f7ed8; } .line-1 { stroke: #d9822b; } .line-2 { stroke: #2ca46d; } .line-3 { stroke: #c0528f; } .line-4 { stroke: #8a63d2; } .line-5 { stroke: #8a8a3c; }
.legend { list-style: none; margin: 0; padding: 0; font-size: .85rem; } .legend .line { display: inline-block; width: 1.2rem; border-top: .2rem solid; margin: 0 .4rem .2rem 0; }
.line.line-0 { border-color: #2f7ed8; } .line.line-1 { border-color: #d9822b; } .line.line-2 { border-color: #2ca46d; } .line.line-3 { border-color: #c0528f; } .line.line-4 { border-color: #8a63d2; } .line.line-5 { border-color: #8a8a3c; }
footer { border-top: 1px solid var(--line); font-size: .85rem; margin-top: 2rem; }
`);
