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
footer { border-top: 1px solid var(--line); font-size: .85rem; margin-top: 2rem; }
`);
