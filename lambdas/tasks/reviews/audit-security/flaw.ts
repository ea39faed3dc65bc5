import { byGravest, gravestOf, type Level } from './levels.ts';

/** What a flaw is about; the first word of its id. */
export const TOPICS = [
  'root-access-key',
  'root-without-mfa',
  'console-without-mfa',
  'unused-credentials',
  'old-key',
  'unused-access',
  'open-to-world',
  'public-bucket',
  'public-snapshot',
  'public-image',
  'vulnerability',
  'missing-patches',
  'threat',
  'control',
] as const;
export type Topic = (typeof TOPICS)[number];

/** Who reported a flaw. The last four are what Fettle read itself. */
export type SourceName = 'security-hub' | 'guardduty' | 'inspector' | 'ecr' | 'iam' | 'ec2' | 's3' | 'ssm';

export interface FlawSource {
  readonly name: SourceName;
  /** By which the source knows it. */
  readonly id: string;
  /** In the source's own words. */
  readonly severity: string;
  /** Undefined where it is open; else how it was put aside there. */
  readonly setAside?: string;
}

/** A part of software with a flaw. */
export interface Package {
  readonly name: string;
  readonly version?: string;
  readonly fixedIn?: string;
  readonly manager?: string;
}

/** One thing that is wrong, however many sources report it. */
export interface Flaw {
  /** `<topic> <resource>`, and for a vulnerability or a control `<topic> <its id> <resource>`; the same in every run. */
  readonly id: string;
  readonly topic: Topic;
  /** The thing that has it, by its shortest name that is its own. */
  readonly resource: string;
  /** The region, or `global`. */
  readonly region: string;
  readonly level: Level;
  /** One sentence without full stop. */
  readonly title: string;
  readonly sources: readonly FlawSource[];
  /** The names of the targets through which it was seen. */
  readonly targets: readonly string[];
  /** What must be read again to see whether it is still there. */
  readonly looks: readonly string[];
  /** How much of it there is; more of it is worse. */
  readonly extent?: number;
  readonly packages?: readonly Package[];
  /** How often it was seen to happen, of threats. */
  readonly times?: number;
  readonly firstObservedAt?: Date;
  readonly command?: string;
}

/** Why a flaw is not to be acted upon by the word of all its sources; undefined where one of them has it open. */
export function setAsideOf({ sources }: Flaw): string | undefined {
  return sources.every(({ setAside }) => setAside !== undefined)
    ? [...new Set(sources.map(({ name, setAside }) => `${setAside} in ${name}`))].join(', ')
    : undefined;
}

/** The name by which every source means the same thing. */
export function resourceName(idOrArn: string): string {
  const digest = /\b(sha256:[0-9a-f]+)$/.exec(idOrArn)?.[1];
  if (digest !== undefined) return digest;
  const account = /^AWS::::Account:(\d+)$/.exec(idOrArn)?.[1];
  if (account !== undefined) return `account ${account}`;
  const [, service, name] = /^arn:[^:]+:([^:]+):[^:]*:[^:]*:(.+)$/s.exec(idOrArn) ?? [];
  if (service === undefined || name === undefined) return idOrArn;
  if (service === 's3') return name;
  if (service === 'ec2') return name.slice(name.lastIndexOf('/') + 1);
  // A user may stand in a path; its name is unique without it.
  if (service === 'iam' && name.startsWith('user/')) return name.slice(name.lastIndexOf('/') + 1);
  if (service === 'iam' && name === 'root') return 'root';
  return idOrArn.replace(/:\$LATEST$/, '');
}

export function isAccount(resource: string): boolean {
  return resource.startsWith('account ');
}

/**
 * Joins what several sources say of the same flaw into one.
 *
 * A control that is about the account as a whole is the same flaw as each thing of its topic that was found in its
 * region, and joins those.
 */
export function mergeFlaws(found: readonly Flaw[]): Flaw[] {
  const byId = Map.groupBy(found, ({ id }) => id);
  const merged = new Map([...byId].map(([id, same]) => [id, joined(same)]));
  for (const whole of [...merged.values()].filter(
    ({ resource, topic }) => isAccount(resource) && topic !== 'control',
  )) {
    const parts = [...merged.values()].filter(
      ({ id, topic, region, resource }) =>
        id !== whole.id &&
        topic === whole.topic &&
        !isAccount(resource) &&
        (region === whole.region || region === 'global'),
    );
    if (parts.length === 0) continue;
    merged.delete(whole.id);
    for (const part of parts) merged.set(part.id, joined([part, whole]));
  }
  return [...merged.values()].sort((a, b) => byGravest(a.level, b.level) || (a.id < b.id ? -1 : 1));
}

/** The first names it. */
function joined(same: readonly Flaw[]): Flaw {
  const [first, ...rest] = same.toSorted((a, b) => rankOf(a) - rankOf(b));
  if (first === undefined) throw new RangeError('nothing to join');
  if (rest.length === 0) return first;
  const all = [first, ...rest];
  const sources = new Map(all.flatMap((one) => one.sources).map((source) => [`${source.name} ${source.id}`, source]));
  const packages = packagesOf(all);
  const times = mostOf(all.map((one) => one.times));
  const extent = mostOf(all.map((one) => one.extent));
  const command = all.find((one) => one.command !== undefined)?.command;
  const firstObservedAt = all.flatMap((one) => one.firstObservedAt ?? []).toSorted((a, b) => Number(a) - Number(b))[0];
  // What one source has put aside says nothing of how grave the others hold it to be.
  const open = all.filter((one) => setAsideOf(one) === undefined);
  return {
    ...first,
    level: gravestOf((open.length > 0 ? open : all).map(({ level }) => level)),
    sources: [...sources.values()],
    targets: [...new Set(all.flatMap((one) => one.targets))],
    looks: [...new Set(all.flatMap((one) => one.looks))],
    ...(extent !== undefined && { extent }),
    ...(packages.length > 0 && { packages }),
    ...(times !== undefined && { times }),
    ...(firstObservedAt && { firstObservedAt }),
    ...(command !== undefined && { command }),
  };
}

function mostOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
}

/** One entry for each name and version; of what sources know of it, whatever any of them says. */
function packagesOf(all: readonly Flaw[]): Package[] {
  const packages = new Map<string, Package>();
  for (const one of all.flatMap(({ packages: its = [] }) => its)) {
    const key = `${one.name} ${one.version ?? ''}`;
    packages.set(key, { ...one, ...packages.get(key) });
  }
  return [...packages.values()];
}

const OWN: readonly SourceName[] = ['iam', 'ec2', 's3', 'ssm'];

/** What Fettle read itself names a thing best; after it ECR, which knows the tags of an image. */
function rankOf({ sources, resource }: Flaw): number {
  if (isAccount(resource)) return 4;
  const names = sources.map(({ name }) => name);
  if (names.some((name) => OWN.includes(name))) return 0;
  if (names.includes('ecr')) return 1;
  return names.includes('security-hub') ? 3 : 2;
}
