import * as z from 'zod';
import { Corrupt, messageOf } from '../../core/errors.ts';
import { canonicalJson, sha256 } from '../../core/json.ts';
import { RunReport } from '../../core/report.ts';
import { sawNothing } from '../../core/run.ts';
import { dailyKeys, type DerivedRun, deriveRun } from '../../lambdas/report/derive-run.ts';
import { Manifest } from '../../lambdas/runtime/evidence.ts';
import { indexedRun, monthOf } from '../../lambdas/runtime/run-index.ts';
import { runKeyOf, runKeys } from '../../lambdas/runtime/run-keys.ts';
import type { RecordSource } from '../../lambdas/runtime/store.ts';
import type { Chain } from './chain.ts';
import { jsonOf, RunKey } from './exact-record.ts';
import type { Examination } from './examination.ts';
import type { SealedRun } from './sealed-run.ts';

/** What of the end of a run is needed to know whether it can be derived again, in whatever version wrote it. */
const AnyEnded = z
  .object({
    bundleSha256: z.string().catch(''),
    previousRunKey: RunKey.optional().catch(undefined),
    records: z.array(z.string()).optional().catch(undefined),
  })
  .catch({ bundleSha256: '' });
const AnyStarted = z.object({ execution: z.string() });
const AnyReport = z.object({ runId: z.string() });

/** What the rest of the store must say of a proven run. */
export interface RunFacts {
  readonly link: number;
  readonly procedure: string;
  readonly startedAt: string;
  readonly month: string;
  /** It looked at nothing, so that no run is compared with it. */
  readonly sawNothing: boolean;
  /** Of its entry in the roll-ups. */
  readonly indexSha256: string;
  readonly execution: string | undefined;
  /** Where its copy for the readers of a day is. */
  readonly copyKey: string | undefined;
}

/** The SHA-256 of the bundles whose derivation is that of this version; asked for only where something differs. */
export type OwnBundles = () => Promise<ReadonlySet<string>>;

/** Derives reports again, and remembers the newest one of each procedure for the run behind it. */
export class Deriver {
  readonly #examination: Examination;
  readonly #chain: Chain;
  readonly #ownBundles: OwnBundles;
  readonly #newest = new Map<string, { readonly key: string; readonly body: Uint8Array }>();

  constructor(examination: Examination, chain: Chain, ownBundles: OwnBundles) {
    this.#examination = examination;
    this.#chain = chain;
    this.#ownBundles = ownBundles;
  }

  /** Holds report, page, plan and the day's copy of a run against its records; the facts where its report can be read. */
  async examine(run: SealedRun): Promise<RunFacts | undefined> {
    const keys = runKeys(run.runKey);
    const ended = AnyEnded.parse(jsonOf(run.records.get(keys.ended)));
    this.#noteLate(run, ended.records);
    const previousKey = ended.previousRunKey === undefined ? undefined : runKeys(ended.previousRunKey).report;
    const previous = previousKey === undefined ? undefined : await this.#provenReport(previousKey);
    // Of a run before that is itself not proven nothing can be derived; it is accused where it stands.
    if (previousKey === undefined || previous !== undefined) {
      await this.#deriveAgain(run, ended.bundleSha256, sourceOf(this.#examination, run, previousKey, previous));
    }
    const body = run.records.get(keys.report);
    const report = RunReport.safeParse(jsonOf(body));
    if (body === undefined || !report.success) return undefined;
    this.#newest.set(report.data.procedure, { key: keys.report, body });
    const copyKey = await this.#examineCopy(run, report.data, body);
    const entry = indexedRun(run.runKey, report.data);
    return {
      link: run.link,
      procedure: entry.procedure,
      startedAt: entry.startedAt,
      month: monthOf(entry),
      sawNothing: sawNothing(entry.ended),
      indexSha256: sha256(canonicalJson(entry)),
      execution: AnyStarted.safeParse(jsonOf(run.records.get(keys.started))).data?.execution,
      copyKey,
    };
  }

  /** What a function wrote between the end of its run and the seal is sealed, and no part of the report. */
  #noteLate({ runKey, records }: SealedRun, atTheEnd: readonly string[] | undefined): void {
    if (!atTheEnd) return;
    const known = new Set(atTheEnd);
    for (const key of records.keys()) {
      const counts = key.startsWith(`${runKey}/steps/`) || key.startsWith(`${runKey}/actions/`);
      if (counts && !known.has(key)) this.#examination.late.push(key);
    }
  }

  async #deriveAgain(run: SealedRun, bundleSha256: string, source: RecordSource): Promise<void> {
    const { checked, otherVersions } = this.#examination;
    const derived = await derivedOrProblem(source, run.runKey);
    const { report, page, plan } = runKeys(run.runKey);
    for (const key of [report, page, plan]) {
      const stored = run.records.get(key);
      const wanted = 'problem' in derived ? undefined : derived.files.get(key);
      if (stored === undefined && wanted === undefined && key !== report) continue;
      if (stored !== undefined && wanted !== undefined && Buffer.from(wanted).equals(stored)) {
        checked.derived += 1;
        continue;
      }
      if (!(await this.#ownBundles()).has(bundleSha256)) {
        otherVersions.push({ runKey: run.runKey, key, bundleSha256 });
        return;
      }
      const summary = 'problem' in derived ? derived.problem : `${key} is not what follows from the records of its run`;
      const hashes = { expected: wanted && sha256(wanted), found: stored && sha256(stored) };
      this.#examination.accuse({ kind: 'not-derived', key, link: run.link, summary, ...hashes });
      return;
    }
  }

  /** The first executed run of a day has the day's key, later ones one with their time; the key, where the copy is right. */
  async #examineCopy({ link }: SealedRun, report: RunReport, body: Uint8Array): Promise<string | undefined> {
    const { store, checked } = this.#examination;
    const expected = sha256(body);
    let suspect: { readonly key: string; readonly found: string | undefined } | undefined;
    for (const key of dailyKeys(report)) {
      const stored = await store.get(key);
      const found = stored && sha256(stored.body);
      if (found === expected) {
        checked.copies += 1;
        return key;
      }
      const owner = stored && AnyReport.safeParse(jsonOf(stored.body)).data?.runId;
      const isAnothers = owner !== undefined && owner !== report.runId;
      if (isAnothers && this.#chain.runs.has(runKeyOf(report.procedure, owner))) continue;
      suspect ??= { key, found };
      // One that nobody can read was passed over by the end of the run.
      if (owner !== undefined || !stored) break;
    }
    if (!suspect) return undefined;
    const { key, found } = suspect;
    const summary = found ? `${key} is not the report of ${report.runId}` : `${key}, a copy of its report, is gone`;
    this.#examination.accuse({ kind: found ? 'disagrees' : 'missing', key, link, summary, expected, found });
    return key;
  }

  /** The report of a run before, if the chain still proves it. */
  async #provenReport(key: string): Promise<Uint8Array | undefined> {
    const { store } = this.#examination;
    for (const newest of this.#newest.values()) if (newest.key === key) return newest.body;
    const runKey = key.slice(0, key.lastIndexOf('/'));
    const held = this.#chain.runs.get(runKey);
    const manifest = held && (await store.get(runKeys(runKey).manifest));
    if (!manifest || sha256(manifest.body) !== held.manifestSha256) return undefined;
    const { data } = Manifest.safeParse(jsonOf(manifest.body));
    const sealed = data?.records.find((record) => record.key === key)?.sha256;
    const stored = await store.get(key);
    return stored && sha256(stored.body) === sealed ? stored.body : undefined;
  }
}

/** Only the bytes that were proven, so that nothing can be exchanged between the look at the hash and the use. */
function sourceOf(
  { store }: Examination,
  { records }: SealedRun,
  previousKey: string | undefined,
  previous: Uint8Array | undefined,
): RecordSource {
  return {
    location: store.location,
    get: async (key) => {
      const body = key === previousKey ? previous : records.get(key);
      return body && { body, etag: '' };
    },
    async *list(prefix) {
      for (const key of records.keys()) if (key.startsWith(prefix)) yield { key };
    },
  };
}

async function derivedOrProblem(
  source: RecordSource,
  runKey: string,
): Promise<Pick<DerivedRun, 'files'> | { readonly problem: string }> {
  try {
    return await deriveRun(source, runKey);
  } catch (thrown) {
    if (thrown instanceof Corrupt) return { problem: messageOf(thrown) };
    throw thrown;
  }
}
