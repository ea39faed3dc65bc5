import fc from 'fast-check';

/** Beside the number of runs that a property asks for itself; `FETTLE_FUZZ_RUNS=20` makes an hour of what is minutes. */
const TIMES = Number(process.env['FETTLE_FUZZ_RUNS'] ?? 1);
const SEED = process.env['FETTLE_SEED'];

type Examples<Values> = { readonly examples?: readonly Values[] };

function settings<Values>(runs: number, { examples = [] }: Examples<Values>): fc.Parameters<Values> {
  return {
    numRuns: Math.max(1, Math.round(runs * TIMES)),
    examples: [...examples],
    ...(SEED !== undefined && { seed: Number(SEED) }),
  };
}

function replayable(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(String(thrown));
  const seed = /seed: (-?\d+)/.exec(thrown.message)?.[1];
  if (seed !== undefined) thrown.message = `replay with FETTLE_SEED=${seed}\n${thrown.message}`;
  return thrown;
}

/** Holds a property against values made at random; `examples` are those that once broke it. */
export function holds<Values>(property: fc.IProperty<Values>, runs = 100, examples: Examples<Values> = {}): void {
  try {
    fc.assert(property, settings(runs, examples));
  } catch (thrown) {
    throw replayable(thrown);
  }
}

/** The same for what has to be waited for. */
export async function holdsAsync<Values>(
  property: fc.IAsyncProperty<Values>,
  runs = 100,
  examples: Examples<Values> = {},
): Promise<void> {
  try {
    await fc.assert(property, settings(runs, examples));
  } catch (thrown) {
    throw replayable(thrown);
  }
}

/** Words that are properties of every object: a table that is asked for one of them must not answer with its own. */
export const INHERITED = ['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf'] as const;

/** Any text: controls, direction marks, astral letters, halves of surrogates, the marks of HTML, SQL, shells and terminals. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 }),
  fc.constantFrom(...INHERITED),
  fc
    .array(
      fc.constantFrom(
        ...['<', '>', '&', '"', "'", '`', '\\', '$', ';', '|', '\n', '\r', '\t', '\0', '\u001b[2J', '\u009b', '\u202e'],
        ...['\u2028', '\ufeff', '\u{e0001}', '\u{1f600}', '\ud800', '--', '/*', '*/', '://', '@', '=', ' ', 'a', '0'],
      ),
      { maxLength: 20 },
    )
    .map((parts) => parts.join('')),
);
