import type { Store } from '../../lambdas/runtime/store.ts';
import { openRunKey, runIdOf } from '../../lambdas/runtime/run-keys.ts';
import { byPlace, type Flaw } from './flaw.ts';

/** What was looked at. */
export interface Checked {
  links: number;
  runs: number;
  records: number;
  /** Reports, pages and plans that were derived again. */
  derived: number;
  /** Copies of the day, entries of roll-ups, pointers of executions. */
  copies: number;
}

/** A run whose report this version would write otherwise than the version that ended it did. */
export interface OtherVersion {
  readonly runKey: string;
  readonly key: string;
  /** Of the code that ended the run. */
  readonly bundleSha256: string;
}

/** One verification under way: what it has found so far. Runs may begin and end meanwhile, and nobody is stopped. */
export class Examination {
  readonly store: Store;
  readonly checked: Checked = { links: 0, runs: 0, records: 0, derived: 0, copies: 0 };
  readonly open = new Set<string>();
  readonly late: string[] = [];
  readonly otherVersions: OtherVersion[] = [];
  readonly #flaws: Flaw[] = [];

  constructor(store: Store) {
    this.store = store;
  }

  get flaws(): readonly Flaw[] {
    return this.#flaws.toSorted(byPlace);
  }

  accuse(flaw: Flaw): void {
    this.#flaws.push(flaw);
  }

  /**
   * Accuses what belongs to the end of a run, unless the run is still open or it was a matter of time.
   *
   * The pointer of an open run is the last thing that its end removes: once it is gone, all else is there.
   */
  async accuseUnlessOpen(runKey: string, flaw: Flaw, isStillSo: () => Promise<boolean>): Promise<void> {
    if (await this.isOpen(runKey)) this.open.add(runKey);
    else if (await isStillSo()) this.accuse(flaw);
  }

  async isOpen(runKey: string): Promise<boolean> {
    const id = runIdOf(runKey);
    return (await this.store.get(openRunKey({ id }))) !== undefined;
  }

  async isGone(key: string): Promise<boolean> {
    return (await this.store.get(key)) === undefined;
  }
}
