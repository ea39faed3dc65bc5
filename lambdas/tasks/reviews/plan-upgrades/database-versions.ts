import { addDays } from './days.ts';
import type { Support } from './support.ts';
import { compareVersions, newestVersion } from './versions.ts';

export interface EngineVersion {
  readonly version: string;
  readonly major: string;
  readonly targets: readonly { readonly version: string; readonly isMajor: boolean }[];
  readonly authorities: readonly string[];
}

export interface Lifecycle {
  readonly standardEnd: Date | undefined;
  readonly extendedEnd: Date | undefined;
}

/** What RDS itself says of its engines. */
export interface EngineCalendar {
  /** By engine, then by version. */
  readonly versions: ReadonlyMap<string, ReadonlyMap<string, EngineVersion>>;
  /** By engine and major, as `postgres 15`. */
  readonly lifecycles: ReadonlyMap<string, Lifecycle>;
}

/** A new major must be supported for so long, or the next upgrade is due at once. */
const SUPPORT_DAYS = 730;

/** The newest version of the same major that this one can be upgraded to; undefined where it is the newest. */
export function newestMinor({ version, targets }: EngineVersion): string | undefined {
  const newest = newestVersion(targets.filter(({ isMajor }) => !isMajor).map((target) => target.version));
  return newest !== undefined && compareVersions(newest, version) > 0 ? newest : undefined;
}

/** The support of the major of a version. */
export function supportOf(
  engine: string,
  major: string | undefined,
  { lifecycles }: EngineCalendar,
  isExtended: boolean,
): Support {
  const { standardEnd, extendedEnd } = lifecycles.get(`${engine} ${major}`) ?? {};
  const at = { standardEnd, extendedEnd, atEnd: 'RDS upgrades it to a newer major version by itself' };
  // MariaDB has no extended support at all.
  return { ...at, isExtended: isExtended && extendedEnd !== undefined };
}

/**
 * The shortest way to a new major: each version after the other, none where there is no way.
 *
 * It leads to the lowest major that is supported for two years more, or else to the one that is supported longest. Which
 * versions may follow a version depends on its very minor, so the way may begin with a minor.
 */
export function wayToMajor(engine: string, version: string, calendar: EngineCalendar, now: Date): readonly string[] {
  const graph = calendar.versions.get(engine) ?? new Map<string, EngineVersion>();
  const ways = waysFrom(graph, version);
  const start = graph.get(version)?.major;
  const reached = [...ways.keys()].flatMap((to) => {
    const major = graph.get(to)?.major;
    const end = calendar.lifecycles.get(`${engine} ${major}`)?.standardEnd;
    return major === undefined || major === start || end === undefined ? [] : [{ to, major, end }];
  });
  const lasting = reached.filter(({ end }) => end >= addDays(now, SUPPORT_DAYS));
  const goal =
    lasting.toSorted((a, b) => compareVersions(a.major, b.major))[0] ??
    reached.toSorted((a, b) => b.end.getTime() - a.end.getTime())[0];
  if (goal === undefined) return [];
  const candidates = reached.filter(({ major }) => major === goal.major).map(({ to }) => ways.get(to) ?? []);
  const shortest = Math.min(...candidates.map(({ length }) => length));
  const last = newestVersion(candidates.filter(({ length }) => length === shortest).map((way) => way.at(-1) ?? ''));
  return ways.get(last ?? '') ?? [];
}

/** By version, the shortest way there; of equally short ones, the one over the newest versions. */
function waysFrom(graph: ReadonlyMap<string, EngineVersion>, start: string): ReadonlyMap<string, readonly string[]> {
  const ways = new Map<string, readonly string[]>([[start, []]]);
  let edge = [start];
  while (edge.length > 0) {
    const next: string[] = [];
    for (const from of edge.toSorted((a, b) => compareVersions(b, a))) {
      const targets = (graph.get(from)?.targets ?? []).map(({ version }) => version);
      for (const to of targets.toSorted((a, b) => compareVersions(b, a))) {
        if (ways.has(to)) continue;
        ways.set(to, [...(ways.get(from) ?? []), to]);
        next.push(to);
      }
    }
    edge = next;
  }
  return ways;
}
