import { sha256 } from '../../core/json.ts';
import {
  CHAIN_END_KEY,
  CHAIN_PREFIX,
  ChainEnd,
  type ChainPlace,
  Link,
  linkKey,
} from '../../lambdas/runtime/evidence.ts';
import { exactRecord, RunKey } from './exact-record.ts';
import type { Examination } from './examination.ts';
import { inOrder } from './in-order.ts';

const READ_AHEAD = 16;
const ExactLink = Link.extend({ runKey: RunKey });

/** What the chain says of a run. */
export interface HeldRun {
  readonly n: number;
  readonly manifestSha256: string;
}

/** The chain as it was read: which runs it holds, and where it ends. */
export class Chain {
  readonly runs = new Map<string, HeldRun>();
  #end: ChainPlace = { n: 0, sha256: '' };
  readonly #examination: Examination;
  #reading: Promise<void> = Promise.resolve();

  constructor(examination: Examination) {
    this.#examination = examination;
  }

  /** The run of the newest link. */
  get newestRun(): string {
    return [...this.runs.keys()].at(-1) ?? '';
  }

  /** The newest link; 0 where there is none. */
  get end(): ChainPlace {
    return this.#end;
  }

  /** The link of a run, looked for anew among those that came while the rest was read. */
  async heldRun(runKey: string): Promise<HeldRun | undefined> {
    if (!this.runs.has(runKey)) {
      this.#reading = this.#reading.then(() => this.readOn());
      await this.#reading;
    }
    return this.runs.get(runKey);
  }

  /** Takes the links that came since. */
  async readOn(): Promise<void> {
    for (;;) {
      const n = this.#end.n + 1;
      const stored = await this.#examination.store.get(linkKey(n));
      if (!stored) return;
      this.take(n, stored.body);
    }
  }

  /** Takes the next link that is there; a gap before it counts as one flaw. */
  take(n: number, body: Uint8Array): void {
    const { checked } = this.#examination;
    const previous = this.#end;
    this.#end = { n, sha256: sha256(body) };
    checked.links += 1;
    const read = exactRecord(body, ExactLink);
    const accuse = this.#examination.accuse.bind(this.#examination);
    if (n !== previous.n + 1) {
      const last = n - 1;
      const which = last === previous.n + 1 ? `link ${last} is` : `links ${previous.n + 1} to ${last} are`;
      const key = linkKey(previous.n + 1);
      accuse({ kind: 'missing', key, link: previous.n + 1, summary: `${which} missing, and link ${n} is there` });
    }
    if ('problem' in read) {
      accuse({ kind: 'no-record', key: linkKey(n), link: n, summary: `${linkKey(n)}: ${read.problem}` });
      return;
    }
    const { value: link } = read;
    if (link.n !== n) {
      const summary = `${linkKey(n)} calls itself link ${link.n}`;
      accuse({ kind: 'broken-chain', key: linkKey(n), link: n, summary, expected: String(n), found: String(link.n) });
    } else if (n === previous.n + 1 && link.previousSha256 !== previous.sha256) {
      const summary =
        n === 1 ? `${linkKey(1)} binds a link before it` : `${linkKey(n)} does not bind ${linkKey(n - 1)} as it stands`;
      const place = { key: linkKey(Math.max(1, n - 1)), link: Math.max(1, n - 1) };
      accuse({ kind: 'broken-chain', ...place, summary, expected: link.previousSha256, found: previous.sha256 });
    }
    const earlier = this.runs.get(link.runKey);
    if (earlier) {
      const summary = `links ${earlier.n} and ${n} both hold ${link.runKey}`;
      accuse({ kind: 'linked-twice', key: linkKey(n), link: n, summary });
    } else this.runs.set(link.runKey, { n, manifestSha256: link.manifestSha256 });
  }
}

/** Reads every link from the first to the last, and holds the chain against what else knows how long it was. */
export async function readChain(examination: Examination): Promise<Chain> {
  const { store } = examination;
  const chain = new Chain(examination);
  const bodies = inOrder(linkNumbers(examination), READ_AHEAD, async (n) => ({
    n,
    stored: await store.get(linkKey(n)),
  }));
  for await (const { n, stored } of bodies) if (stored) chain.take(n, stored.body);
  await checkEnd(examination, chain);
  return chain;
}

async function* linkNumbers(examination: Examination): AsyncIterable<number> {
  for await (const { key } of examination.store.list(CHAIN_PREFIX)) {
    const n = Number(/^chain\/(\d+)\.json$/.exec(key)?.[1] ?? 0);
    if (n > 0 && linkKey(n) === key) yield n;
    else examination.accuse({ kind: 'added', key, summary: `${key} is no link of the chain` });
  }
}

/** A run that ends moves the end on after its link, so what is read first is never beyond the last link. */
async function checkEnd(examination: Examination, chain: Chain): Promise<void> {
  const { store } = examination;
  const key = CHAIN_END_KEY;
  const stored = await store.get(key);
  await chain.readOn();
  const { n } = chain.end;
  if (!stored) {
    const flaw = { kind: 'missing', key, summary: `${key} is missing, and the chain has ${n} links` } as const;
    if (n > 0) await examination.accuseUnlessOpen(chain.newestRun, flaw, () => examination.isGone(key));
    return;
  }
  const read = exactRecord(stored.body, ChainEnd);
  if ('problem' in read) {
    examination.accuse({ kind: 'no-record', key, summary: `${key}: ${read.problem}` });
    return;
  }
  const known = read.value.n;
  const said = `${key} says that the chain has reached link ${known}, and it ends at link ${n}`;
  const numbers = { expected: String(known), found: String(n) };
  if (known > n) examination.accuse({ kind: 'cut-off', key: linkKey(n + 1), link: n + 1, summary: said, ...numbers });
  if (known >= n) return;
  await examination.accuseUnlessOpen(chain.newestRun, { kind: 'disagrees', key, summary: said }, async () => {
    const again = await store.get(key);
    return again !== undefined && Buffer.from(again.body).equals(stored.body);
  });
}
