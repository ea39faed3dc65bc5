import { existsSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Cap } from '../../core/action.ts';
import { effectsOfVerb } from '../../core/effect.ts';
import { RUNTIME_KINDS, SEVERITIES, type FindingKind } from '../../core/finding.ts';
import { TARGET_KINDS } from '../../core/target-kinds.ts';
import type { Task } from '../../core/task.ts';
import type { CataloguedTask } from '../../lambdas/catalogue.ts';
import { ENTRY_FIELDS } from '../../lib/profiles/entry-schema.ts';
import { inputProblems } from './input-contract.ts';
import { permissionProblems, secretProblems } from './permission-contract.ts';

/** One promise that every task keeps. */
export interface TaskPromise {
  readonly title: string;
  /** What breaks it, each in words; none where it is kept. */
  readonly broken: (entry: CataloguedTask, root: string) => readonly string[];
}

const SENTENCE = /^[A-Z`"].*[.]$/s;
const KEBAB = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
// Lambda ends every function after fifteen minutes.
const LAMBDA_LIMIT_SECONDS = 900;

export const TASK_CONTRACT: readonly TaskPromise[] = [
  {
    title: 'is called as its path says',
    broken: ({ task, file, domain }) => {
      const expected = `${domain}-${stemOf(file)}`;
      if (!KEBAB.test(expected)) return [`${file} is not in kebab-case`];
      return task.name === expected ? [] : [`${file} is called ${task.name} and not ${expected}`];
    },
  },
  {
    title: 'does what its verb says',
    broken: ({ task, file }) => {
      const allowed = effectsOfVerb(stemOf(file));
      return allowed.includes(task.effect)
        ? []
        : [`${task.effect}, where ${stemOf(file)} must be ${allowed.join(' or ')}`];
    },
  },
  {
    title: 'says in one line what it does',
    broken: ({ task: { summary } }) =>
      /^[A-Z][^\n]{9,118}[^.\s]$/.test(summary)
        ? []
        : [`summary "${summary}" is no line of 11 to 120 letters without full stop`],
  },
  {
    title: 'has a test at the mirrored path',
    broken: ({ file }, root) => {
      const mirror = mirrorOf(file);
      return existsSync(path.join(root, mirror)) ? [] : [`${mirror} does not exist`];
    },
  },
  {
    title: 'acts on a kind of target that exists',
    broken: ({ task }) => (task.target in TARGET_KINDS ? [] : [task.target]),
  },
  { title: 'takes a strict, described input', broken: ({ task }) => inputProblems(task.input) },
  {
    title: 'leaves the fields of a profile entry alone',
    broken: ({ task }) => ENTRY_FIELDS.filter((field) => field in task.input.shape),
  },
  { title: 'shows examples that its input takes', broken: ({ task }) => exampleProblems(task) },
  { title: 'explains every finding in sentences', broken: ({ task }) => findingProblems(task) },
  {
    title: 'ends within what Lambda allows',
    broken: ({ task: { timeoutSeconds } }) =>
      Number.isInteger(timeoutSeconds) && timeoutSeconds > 0 && timeoutSeconds <= LAMBDA_LIMIT_SECONDS
        ? []
        : [`timeoutSeconds ${timeoutSeconds} is none of 1 to ${LAMBDA_LIMIT_SECONDS}`],
  },
  { title: 'asks for no more than it needs', broken: ({ task }) => permissionProblems(task) },
  { title: 'may read the secrets that its targets refer to', broken: ({ task }) => secretProblems(task) },
  {
    title: 'says what it needs of its targets',
    broken: ({ task: { needs } }) =>
      needs ? [] : ['it has no needs, so `fettle doctor` knows nothing of its targets'],
  },
  { title: 'has a cap where it changes something', broken: ({ task }) => capProblems(task) },
  {
    title: 'has an address for its document that follows from the day alone',
    broken: ({ task }) => documentProblems(task),
  },
];

/** Every promise that a task breaks. */
export function brokenPromises(entry: CataloguedTask, root: string): string[] {
  return TASK_CONTRACT.flatMap(({ title, broken }) => broken(entry, root).map((problem) => `${title}: ${problem}`));
}

/** The test of a task, at the same path under `test/`; a folder's test may stand beside or inside of it. */
export function mirrorOf(file: string): string {
  return `test/${file.replace(/(\/index)?\.ts$/, '')}.test.ts`;
}

function stemOf(file: string): string {
  return path.basename(file.replace(/(\/index)?\.ts$/, ''));
}

function exampleProblems({ examples, input }: Task): string[] {
  if (examples.length === 0) return ['there is none'];
  const problems = examples.flatMap((example) => {
    const parsed = input.safeParse(example);
    return parsed.success
      ? []
      : [`${JSON.stringify(example)}: ${parsed.error.issues.map(({ message }) => message).join('; ')}`];
  });
  const emptyFits = input.safeParse({}).success;
  if (emptyFits && !examples.some((example) => isDeepStrictEqual(example, {})))
    problems.push('the empty one is valid and not shown');
  return problems;
}

function findingProblems({ findings }: Task): string[] {
  const kinds = Object.entries(findings);
  if (kinds.length === 0) return ['it can find nothing'];
  return kinds.flatMap(([kind, declared]) => [
    ...(KEBAB.test(kind) ? [] : [`${kind} is not in kebab-case`]),
    ...(kind in RUNTIME_KINDS ? [`${kind} is what the runtime itself reports; choose another name`] : []),
    ...((SEVERITIES as readonly string[]).includes(declared.severity)
      ? []
      : [`${kind} has the severity ${declared.severity}`]),
    ...explanationProblems(kind, declared),
  ]);
}

const EXPLANATION = ['means', 'matters', 'remedy', 'prevention'] as const;

/** What is wrong with the four texts of a kind: each is a sentence or two, and none says again what another says. */
export function explanationProblems(kind: string, declared: FindingKind): string[] {
  const texts = EXPLANATION.flatMap((field) => {
    const text = declared[field];
    if (text !== undefined) return [{ field, text }];
    return declared.severity === 'info' ? [] : [{ field, text: '' }];
  });
  const repeated = texts.filter(({ text }, place) => texts.findIndex((other) => other.text === text) < place);
  return [
    ...texts.flatMap(({ field, text }) => {
      if (!SENTENCE.test(text)) return [`${field} of ${kind} is no sentence: "${text}"`];
      return sentencesOf(text) > MOST_SENTENCES ? [`${field} of ${kind} has more than two sentences: "${text}"`] : [];
    }),
    ...repeated.map(({ field, text }) => `${field} of ${kind} says again "${text}"`),
  ];
}

const MOST_SENTENCES = 2;

function sentencesOf(text: string): number {
  return text.split(/(?<=[.!?])\s+(?=[A-Z`"])/).length;
}

function capProblems({ effect, cap, input, examples }: Task): string[] {
  if (effect === 'read-only') return cap === undefined ? [] : ['it only reads and has a cap'];
  if (cap === undefined) return ['it has none'];
  return examples.flatMap((example) => {
    const { absolute, percent }: Cap = cap(input.parse(example) as never);
    const whole = Number.isInteger(absolute) && absolute > 0;
    const share = percent > 0 && percent <= 100;
    return whole && share ? [] : [`${JSON.stringify(example)} gives ${absolute} and ${percent} %`];
  });
}

function documentProblems({ documentKey }: Task): string[] {
  if (documentKey === undefined) return [];
  const day = () => new Date('2026-11-21T02:00:00Z');
  const key = documentKey(day());
  if (key !== documentKey(day())) return [`${key} changes from call to call`];
  return /^[a-z]+(\/[A-Za-z0-9._-]+)+\.json$/.test(key) ? [] : [`${key} is no key of a JSON document`];
}
