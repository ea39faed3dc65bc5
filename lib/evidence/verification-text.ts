import { visible } from '../../lambdas/report/markup.ts';
import { anchorText } from '../../lambdas/runtime/evidence.ts';
import { shellWord } from '../../lambdas/runtime/shell-word.ts';
import { type Flaw, FLAW_KINDS } from './flaw.ts';
import type { Verification } from './verify-runs.ts';

/** How many more flaws are named after the first one; the rest is a number, and all of them are in the JSON. */
const MORE_FLAWS = 10;
const MORE_RUNS = 5;

/** A verification for a person: the answer, the first thing that is wrong, what it means, what to do; no flood. */
export function verificationText(verification: Verification): string {
  const [first, ...others] = verification.flaws;
  const lines = [
    headline(verification),
    `  ${checkedText(verification)}`,
    ...(first ? ['', ...flawText(first, verification.location)] : []),
    ...otherFlaws(others),
    ...openText(verification),
    ...otherVersionText(verification),
    ...lateText(verification),
    '',
    ...limitsText(verification),
  ];
  return `${lines.map(visible).join('\n')}\n`;
}

function headline({ isProven, checked, flaws, location, only, since, open }: Verification): string {
  const what = only === undefined ? count(checked.runs, 'run') : only;
  const when = since === undefined ? '' : ` since ${since}`;
  if (isProven) return `PROVEN: ${what}${when} in ${location}`;
  if (flaws.length > 0) return `NOT PROVEN: ${count(flaws.length, 'flaw')} in ${what}${when} in ${location}`;
  return `NOTHING TO PROVE: no run has ended in ${location}${open.length > 0 ? ' yet' : ''}`;
}

function checkedText({ checked: { links, records, derived, copies }, anchor }: Verification): string {
  const parts = [
    count(links, 'link'),
    count(records, 'record'),
    `${count(derived, 'report, page or plan', 'reports, pages and plans')} derived again`,
    `${count(copies, 'copy, roll-up or pointer', 'copies, roll-ups and pointers')}`,
  ];
  const held = anchor ? `; held against the note of link ${anchor.n}` : '';
  return `looked at ${parts.join(', ')}${held}`;
}

function flawText({ kind, key, summary, link, expected, found }: Flaw, location: string): string[] {
  const { means, remedy } = FLAW_KINDS[kind];
  const place = link === undefined ? '' : ` (link ${link})`;
  const bucket = /^s3:\/\/(.+)$/.exec(location)?.[1];
  return [
    `${kind}${place}: ${summary}`,
    ...(expected === undefined ? [] : [`  expected  ${expected || 'nothing'}`]),
    ...(found === undefined ? [] : [`  found     ${found || 'nothing'}`]),
    `  ${means}`,
    `  ${remedy}`,
    ...(bucket === undefined
      ? []
      : [`  aws s3api list-object-versions --bucket ${shellWord(bucket)} --prefix ${shellWord(key)}`]),
  ];
}

function otherFlaws(flaws: readonly Flaw[]): string[] {
  if (flaws.length === 0) return [];
  const more = flaws.length - MORE_FLAWS;
  const named = flaws.slice(0, MORE_FLAWS).map(({ kind, summary }) => `  ${kind}: ${summary}`);
  return ['', 'Also', ...named, ...(more > 0 ? [`  and ${more} more; --json has them all`] : [])];
}

function openText({ open }: Verification): string[] {
  if (open.length === 0) return [];
  return ['', `Open, and proven once they have ended: ${some(open)}`];
}

function otherVersionText({ otherVersions }: Verification): string[] {
  if (otherVersions.length === 0) return [];
  const bundles = [...new Set(otherVersions.map(({ bundleSha256 }) => bundleSha256.slice(0, 16) || 'unknown'))];
  return [
    '',
    `Unaltered, and ended by another version of Fettle, whose report this one would write otherwise: ${some(otherVersions.map(({ runKey }) => runKey))}`,
    `  To derive them again use the version whose bundle of finish-run has the SHA-256 ${some(bundles)}…`,
  ];
}

function lateText({ late }: Verification): string[] {
  if (late.length === 0) return [];
  return ['', `Sealed, and written after the end of their run, so no part of its report: ${some(late)}`];
}

/** What no look at the store can show, and the note that can. */
function limitsText({ end, anchor }: Verification): string[] {
  const limits = anchor
    ? `Everything up to link ${anchor.n} is what it was when that note was taken; of later links only the store speaks.`
    : 'The store speaks for itself here: whoever may rewrite all of it, or cut off its newest links, leaves it looking whole.';
  if (end.n === 0) return [limits];
  return [
    limits,
    'Only Object Lock, or a note kept elsewhere, shows that. Keep this one for --anchor of fettle verify-runs:',
    `  ${anchorText(end)}`,
  ];
}

function some(names: readonly string[]): string {
  const more = names.length - MORE_RUNS;
  return `${names.slice(0, MORE_RUNS).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en-GB')} ${number === 1 ? one : many}`;
}
