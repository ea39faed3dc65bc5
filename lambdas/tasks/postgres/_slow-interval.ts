import * as z from 'zod';

/** What `pg_stat_statements` had counted of one statement of one role at a moment; times in milliseconds. */
const Counted = z.tuple([
  /** `<userid>/<queryid>`; a query id is an eight-byte integer, which no number holds. */
  z.string(),
  /** calls */
  z.number(),
  /** total_exec_time */
  z.number(),
  /** The time of reading blocks; 0 where track_io_timing is off. */
  z.number(),
]);

/** All that `pg_stat_statements` had counted in one database at a moment; moments are the server's, in seconds of the epoch. */
export const Snapshot = z.object({
  takenAt: z.number(),
  databaseOid: z.number(),
  /** Null before version 1.9 of the extension. */
  statsReset: z.number().nullable(),
  /** How often statements were evicted to make room; null before version 1.9 of the extension. */
  dealloc: z.number().nullable(),
  statements: z.array(Counted),
});
export type Snapshot = z.infer<typeof Snapshot>;

/** What one statement did in an interval, all roles together. */
export interface Executed {
  readonly queryId: string;
  readonly calls: number;
  readonly milliseconds: number;
  readonly readMilliseconds: number;
}

export interface Interval {
  readonly seconds: number;
  readonly executed: readonly Executed[];
  /** True where all counters began again within it: what was before is lost, and the seconds count from there. */
  readonly isReset: boolean;
  /** Statements whose counters began again or went away although nothing was evicted. */
  readonly restarted: number;
  /** How often statements were evicted; before version 1.9 of the extension, how many went away. */
  readonly evictions: number;
}

/** A reset no older than this stands for a snapshot in which every counter is zero. */
const RESET_IS_SNAPSHOT_SECONDS = 86_400;

/** The moment of a recent reset as a snapshot: every counter was zero then. */
export function snapshotAtReset(now: Snapshot): Snapshot | undefined {
  const { statsReset, takenAt } = now;
  if (statsReset === null || takenAt - statsReset > RESET_IS_SNAPSHOT_SECONDS) return undefined;
  return { ...now, takenAt: statsReset, dealloc: 0, statements: [] };
}

/** False where the counters are those of another server or another database of the same name. */
export function isSameHistory(before: Snapshot, after: Snapshot): boolean {
  if (before.databaseOid !== after.databaseOid || before.takenAt >= after.takenAt) return false;
  return before.statsReset === after.statsReset || isResetBetween(before, after);
}

function isResetBetween(before: Snapshot, after: Snapshot): boolean {
  if (after.statsReset !== null) return after.statsReset > before.takenAt;
  // An extension that does not say so: nothing is left of what was there.
  const left = new Set(after.statements.map(([id]) => id));
  return before.statements.length > 0 && !before.statements.some(([id]) => left.has(id));
}

/** What happened between two snapshots of the same history. */
export function intervalBetween(before: Snapshot, after: Snapshot): Interval {
  const isReset = isResetBetween(before, after);
  const start = isReset ? Math.max(before.takenAt, after.statsReset ?? 0) : before.takenAt;
  const known = new Map(isReset ? [] : before.statements.map((counted) => [counted[0], counted]));
  const executed = new Map<string, Executed>();
  let restarted = 0;
  for (const counted of after.statements) {
    const [id] = counted;
    const earlier = known.get(id);
    known.delete(id);
    const isLower = earlier !== undefined && (counted[1] < earlier[1] || counted[2] < earlier[2]);
    if (isLower) restarted += 1;
    // What began again within the interval has counted nothing but the interval since.
    add(executed, counted, isLower ? undefined : earlier);
  }
  const gone = known.size;
  const evictions = after.dealloc === null ? gone : after.dealloc - (isReset ? 0 : (before.dealloc ?? 0));
  // Whoever is evicted and comes again begins again too, so an eviction explains both.
  if (evictions > 0) restarted = 0;
  else restarted += gone;
  return { seconds: after.takenAt - start, executed: [...executed.values()], isReset, restarted, evictions };
}

function add(executed: Map<string, Executed>, now: z.infer<typeof Counted>, earlier: typeof now | undefined): void {
  const [id, calls, milliseconds, readMilliseconds] = now;
  const queryId = id.slice(id.indexOf('/') + 1);
  const sum = executed.get(queryId) ?? { queryId, calls: 0, milliseconds: 0, readMilliseconds: 0 };
  executed.set(queryId, {
    queryId,
    calls: sum.calls + calls - (earlier?.[1] ?? 0),
    milliseconds: sum.milliseconds + milliseconds - (earlier?.[2] ?? 0),
    readMilliseconds: sum.readMilliseconds + Math.max(0, readMilliseconds - (earlier?.[3] ?? 0)),
  });
}
