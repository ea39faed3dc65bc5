import { isRunKey } from './exact-record.ts';
import type { Examination } from './examination.ts';
import { runFolder } from './run-folders.ts';

/** Which runs are verified: all of them, those since a day, or one. The chain itself is always verified whole. */
export class Selection {
  /** The runs whose folder was looked at, or is known to be there. */
  readonly seen = new Set<string>();
  readonly only: string | undefined;
  readonly #since: string | undefined;
  readonly #examination: Examination;

  constructor(examination: Examination, { only, since }: { only?: string | undefined; since?: string | undefined }) {
    this.#examination = examination;
    this.only = only;
    this.#since = since?.replaceAll('-', '');
  }

  /** By the time in the id of the run, so that older ones need not be opened; an id without a time is always taken. */
  takes(runKey: string): boolean {
    if (this.only !== undefined) return runKey === this.only;
    const day = /-(\d{8})T\d{6}(?:\d{3})?Z$/.exec(runKey)?.[1];
    return this.#since === undefined || day === undefined || day >= this.#since;
  }

  /** True for a day's copy, `maintenance/<procedure>/<YYYYMMDD>…`, that may be of a run that is taken. */
  takesCopy(key: string): boolean {
    if (this.only !== undefined) return false;
    const day = /\/(\d{8})(?:-\d{6})?\.json$/.exec(key)?.[1];
    return this.#since === undefined || day === undefined || day >= this.#since;
  }

  /** True for an object of that time that is worth a look. */
  takesTime(written: Date): boolean {
    return this.#since === undefined || written.toISOString().slice(0, 10).replaceAll('-', '') >= this.#since;
  }

  /** True where nothing of a run is left. */
  async isGone(runKey: string): Promise<boolean> {
    if (!isRunKey(runKey)) return true;
    return (await runFolder(this.#examination, runKey)).keys.length === 0;
  }
}
