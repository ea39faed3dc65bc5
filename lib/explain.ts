import { ERROR_CODES, type ErrorMeaning } from '../core/error-codes.ts';
import { RUNTIME_KINDS, type FindingKind } from '../core/finding.ts';
import type { Catalogue } from '../lambdas/catalogue.ts';
import { nearestWord } from './profiles/nearest-word.ts';

/** What one task, or the runtime for any task, means by a kind of finding. */
export interface Explanation {
  /** The name of the task; undefined where the runtime itself reports it, of any task. */
  readonly task: string | undefined;
  readonly kind: string;
  readonly explained: FindingKind;
}

/** Explains `crash-looping`, or `kubernetes-check-pods/crash-looping` as a report writes it; none where nothing bears that name. */
export function explanationsOf(catalogue: Catalogue, words: string): Explanation[] {
  const [task, kind] = words.includes('/') ? words.split('/', 2) : [undefined, words];
  return everyExplanation(catalogue).filter(
    (entry) => entry.kind === kind && (task === undefined || entry.task === undefined || entry.task === task),
  );
}

/** Every kind of finding that exists, the runtime's own first. */
export function everyExplanation(catalogue: Catalogue): Explanation[] {
  const ours = Object.entries<FindingKind>(RUNTIME_KINDS).map(([kind, explained]) => ({
    task: undefined,
    kind,
    explained,
  }));
  const theirs = [...catalogue.values()].flatMap(({ task }) =>
    Object.entries(task.findings).map(([kind, explained]) => ({ task: task.name, kind, explained })),
  );
  return [...ours, ...theirs];
}

/** The kind of finding, or the code of an error, that was probably meant. */
export function nearestWords(catalogue: Catalogue, words: string): string | undefined {
  const kind = words.split('/').at(-1) ?? words;
  const kinds = everyExplanation(catalogue).map((entry) => entry.kind);
  return nearestWord(kind, new Set([...kinds, ...Object.keys(ERROR_CODES)]));
}

/** The meaning of a code as a person reads it in a terminal. */
export function errorText(code: string, { means, remedy }: ErrorMeaning): string {
  return `${code} (error)\n\n  What it means    ${means}\n  Do now           ${remedy}\n`;
}

/** The explanation as a person reads it in a terminal. */
export function explanationText({ task, kind, explained }: Explanation): string {
  const { severity, means, matters, remedy, prevention } = explained;
  const lines = [
    `${task === undefined ? kind : `${task}/${kind}`} (${severity}${task === undefined ? ', of any task' : ''})`,
    '',
    `  What it means    ${means}`,
    ...(matters === undefined ? [] : [`  Why it matters   ${matters}`]),
    `  Do now           ${remedy}`,
    ...(prevention === undefined ? [] : [`  Do for good      ${prevention}`]),
  ];
  return `${lines.join('\n')}\n`;
}
