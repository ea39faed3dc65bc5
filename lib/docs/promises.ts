/** What Fettle promises to whoever gives it rights on a production database, and which tests hold it to that. */
export interface SafetyPromise {
  readonly promise: string;
  /** Why it is worth having, in a sentence or two. */
  readonly because: string;
  /** Files and folders of tests, from the root of the repository. */
  readonly provenBy: readonly string[];
  /** Where there is more than `npm test` runs: the command, and what it does. */
  readonly more?: { readonly command: string; readonly does: string };
}

export const PROMISES: readonly SafetyPromise[] = [
  {
    promise: 'What cannot be seen is never healthy',
    because:
      'Absent, stale, partial or unreadable data is `unknown`, and no number of passes turns it into a pass. What each task is proven to catch is on a page of its own: [proofs](proofs.md).',
    provenBy: ['test/core/vocabulary.test.ts', 'test/core/derive-report.test.ts', 'test/faults/network'],
  },
  {
    promise: 'A crash at any moment loses no effect and repeats none that the target shows',
    because:
      'Every change is written down before it is made and after it was made; after a crash the target itself is looked at before anything is done again.',
    provenBy: [
      'test/integration',
      'test/crashes',
      'test/lambdas/runtime/act.test.ts',
      'test/lambdas/runtime/run-task-changes.test.ts',
    ],
    more: {
      command: 'npm run test:crashes',
      does: 'kills the task, the engine or both before, inside and after each of their calls and writes, on real servers, and prints how many places that were',
    },
  },
  {
    promise: 'Only the holder of a target changes it',
    because:
      'A lease has an epoch that only grows; whoever was suspended, is late, or was told to stop is refused at its next change.',
    provenBy: ['test/concurrency', 'test/lambdas/runtime/leases.test.ts', 'test/contract/store-processes.test.ts'],
  },
  {
    promise: 'No more is changed than the plan says and the cap allows, and nothing after the deadline',
    because: 'Lease, deadline, approved plan and cap are checked before each single change, in one place.',
    provenBy: ['test/lambdas/runtime/act-refused.test.ts', 'test/contract/tasks.test.ts'],
  },
  {
    promise: 'Faults of the machine end in a true report or in a refusal before any change',
    because: 'A full disk, a lost store or a killed process is never a success.',
    provenBy: ['test/faults/system'],
  },
  {
    promise: 'A wrong input is answered with its place, what was found, what is allowed and the nearest known word',
    because:
      'Nothing is guessed, an empty selector never means all, and what is hostile in size ends at once. Every code is explained in [errors](errors.md).',
    provenBy: ['test/bad-inputs', 'test/lib/profiles'],
  },
  {
    promise: 'Parsers, validators, renderers, hashes and comparisons hold for any input',
    because: 'Each is given random and hostile input; what once failed stays as a case of its own.',
    provenBy: ['test/fuzz'],
    more: { command: 'npm run test:fuzz', does: 'gives them twenty times as much' },
  },
  {
    promise: 'No secret leaves the place that it is for',
    because: 'It is a type that prints itself as `[redacted]`, and it is taken out of whatever others quote.',
    provenBy: ['test/secrets', 'test/core/secret.test.ts', 'test/lambdas/runtime/run-task-secrets.test.ts'],
  },
  {
    promise: 'What a target says is data and never a part of the page, the terminal, a query or a command',
    because: 'Names, messages and labels are escaped where they are shown, and bounded where they are kept.',
    provenBy: ['test/hostile', 'test/lambdas/report'],
  },
  {
    promise: 'An address that must not be called is not called',
    because:
      'Private, loopback and metadata addresses are refused unless the profile allows them, for the address that is really used.',
    provenBy: [
      'test/lambdas/runtime/address-guard.test.ts',
      'test/lambdas/runtime/http-request.test.ts',
      'test/lambdas/runtime/http-request-hostile.test.ts',
    ],
  },
  {
    promise: 'What was recorded can be proven unaltered, and no run can be left out unnoticed',
    because:
      'Each run is sealed by the hashes of its records, and the seals form a chain: see [evidence](evidence.md) for what that proves and what it does not.',
    provenBy: ['test/evidence', 'test/contract/store.test.ts'],
  },
  {
    promise: 'The stacks give each function what its task declares and nothing else',
    because: 'Every role is made from the declarations of one task for the targets of one platform.',
    provenBy: ['test/lib/stacks'],
  },
];

export const NOT_PROMISED: readonly string[] = [
  'That a statement which the server has begun is undone. It is bounded by its own time limit on the server, found by its session’s name, and followed or named; but PostgreSQL ends it, not we.',
  'That an idempotent effect which leaves no trace (a warmed cache) happens exactly once. After a crash it is repeated, and the report says `possibly repeated`.',
  'That whoever administers the bucket cannot rewrite all of it, chain and hashes included, or cut off its newest end. That is what S3 Object Lock, or a note of the chain’s head kept elsewhere, is for.',
  'That a target tells the truth. A server that lies consistently about its own state is believed, except where two sources can be held against each other.',
  'That a backup can be restored. It is read to its last byte and its contents are listed and checked; only a rehearsed restore proves the rest.',
  'That the machine’s clock is right. Leases and windows trust the clock of the function or machine that runs them; a jump is survived, a clock that is wrong all the time is not noticed.',
  'Any protection from who may already change the profile, the code, or the roles: they are Fettle.',
];
