/** What can be wrong with the evidence, with what it means and what to do. */
export const FLAW_KINDS = {
  altered: {
    means: 'The bytes are not those that were sealed: somebody changed them, or the disk did.',
    remedy:
      'Do not trust what it says; take the sealed bytes from an earlier version of the object or from a backup, and find out who may write to the store.',
  },
  missing: {
    means: 'It was there when the run was sealed, or something else knows of it, and it is gone.',
    remedy: 'Bring it back from an earlier version or a backup, and find out who may remove from the store.',
  },
  added: {
    means:
      'Nothing that was sealed accounts for it: somebody put it there, or a function that outlived its run wrote late.',
    remedy: 'Hold its time against the end of the run; count nothing it says as evidence.',
  },
  'broken-chain': {
    means: 'A link does not bind the one before it: one of the two was replaced, or links changed places.',
    remedy:
      'Compare both with a copy of the store; the runs from here on are proven only among themselves, not against what came before.',
  },
  'linked-twice': {
    means: 'A run has more than one link, and it can have ended only once.',
    remedy: 'Compare the links with a copy of the store; the later one stands for a run that was taken away.',
  },
  unlinked: {
    means: 'The run is sealed and the chain does not hold it: its link was taken away or never was.',
    remedy: 'Nothing but the run itself says when and that it happened; compare with a copy of the store.',
  },
  'cut-off': {
    means: 'The chain ends before a place that it is known to have reached: the newest links were cut off.',
    remedy: 'Bring the links and their runs back from earlier versions of the objects or a backup.',
  },
  'other-chain': {
    means: 'The chain is not the one that the note was taken from: everything up to that link may have been rewritten.',
    remedy: 'Make sure that platform, environment and store are those of the note; then trust the note, not the store.',
  },
  'not-derived': {
    means: 'It does not follow from the records of its run, by the very code that ended the run.',
    remedy: 'Trust the records of the steps and not this; whoever ended the run wrote something else than it found.',
  },
  disagrees: {
    means: 'A copy or a roll-up says something else than the run that it is of.',
    remedy: 'Trust the report in the folder of the run; bring the copy back from it.',
  },
  unended: {
    means: 'The run began, it has no end, and nothing has it as open: its pointer or its seal was taken away.',
    remedy: 'Look at its steps for what it did; bring back what is gone from earlier versions or a backup.',
  },
  'no-record': {
    means: 'The bytes are not in the one form in which Fettle writes this record.',
    remedy: 'Bring it back from an earlier version or a backup, and find out who may write to the store.',
  },
} as const satisfies Readonly<Record<string, { readonly means: string; readonly remedy: string }>>;
export type FlawKind = keyof typeof FLAW_KINDS;

/** One thing that keeps the evidence from being proven. */
export interface Flaw {
  readonly kind: FlawKind;
  /** The object that it is about. */
  readonly key: string;
  /** What was seen, in words. */
  readonly summary: string;
  /** The link of the run or the link itself, where there is one: the order of time. */
  readonly link?: number | undefined;
  /** What should stand there: a SHA-256, a number or a word. */
  readonly expected?: string | undefined;
  readonly found?: string | undefined;
}

/** In the order of the chain, then of the keys. */
export function byPlace(a: Flaw, b: Flaw): number {
  const [first, second] = [a.link ?? Number.MAX_SAFE_INTEGER, b.link ?? Number.MAX_SAFE_INTEGER];
  if (first !== second) return first - second;
  return a.key === b.key ? 0 : a.key < b.key ? -1 : 1;
}
