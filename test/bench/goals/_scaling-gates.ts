import { gate } from '../gate.ts';
import { databaseMonths, databaseName, isSilent, type Month, serviceMonths, serviceName } from './_month-of-load.ts';

/** What was recommended, by name; null of what sent no data. */
export type Recommended = Readonly<Record<string, readonly string[] | null>>;

type Usage = Readonly<Record<'p50' | 'p95' | 'p99_5' | 'maximum', number>>;

interface Said {
  readonly recommendations: readonly string[];
  readonly withheld: readonly string[];
  readonly unknown: readonly string[];
  readonly usage_percent: { readonly cpu?: Usage; readonly memory?: Usage };
}

interface ReviewedService extends Said {
  readonly cpu_average: number | null;
  readonly memory_average: number | null;
}

interface ReviewedDatabase extends Said {
  readonly metrics: { readonly CPUUtilization?: { readonly average: number } };
}

/** The document of the review, as far as it is held against anything here. */
export interface Reviewed {
  readonly services: Readonly<Record<string, ReviewedService>>;
  readonly databases: Readonly<Record<string, ReviewedDatabase>>;
}

/** The sentences of the thresholds; each must be said of something, or the comparison would be one of nothing. */
const SENTENCES = [
  'Consider increasing CPU allocation or scaling out',
  'Consider reducing CPU allocation to save costs',
  'Consider increasing memory allocation',
  'Consider reducing memory allocation',
  'Consider implementing auto-scaling policies',
  'Consider upgrading to a larger instance class',
  'Consider implementing connection pooling or read replicas',
  'Consider adding read replicas or optimizing queries',
];
const TOO_SMALL = SENTENCES.filter((sentence) => !/reducing|auto-scaling/.test(sentence));

/** Points by which an average of days may be off that of the hours. */
const AVERAGE_OFF = 0.5;
/** The report has three digits. */
const ROUNDING = 0.001;

/** What the thresholds say of each: what is recommended, and what is withheld for a reason that they do not know. */
export function recommendedIn({ services, databases }: Reviewed): Recommended {
  const of = ({ recommendations, withheld, unknown }: Said) =>
    unknown.some((why) => why.startsWith('no '))
      ? null
      : [...recommendations, ...withheld.map((one) => one.split(': ')[0] ?? '')];
  return Object.fromEntries(Object.entries({ ...services, ...databases }).map(([name, said]) => [name, of(said)]));
}

/** Throws unless both say the same of everything, and every sentence of something. */
export function gateSame(reviewed: Reviewed, theirs: Recommended): void {
  const ours = recommendedIn(reviewed);
  const counts = [ours, theirs].map((said) => Object.keys(said).length);
  gate(counts[0] === counts[1], `${counts[0]} were reviewed, and ${counts[1]} by the peer`);
  for (const [name, expected] of Object.entries(theirs)) {
    const said = ours[name];
    gate(
      said !== undefined && JSON.stringify(said?.toSorted()) === JSON.stringify(expected?.toSorted()),
      `of ${name} is said "${said?.join('; ')}", and not "${expected?.join('; ')}"`,
    );
  }
  const all = Object.values({ ...reviewed.services, ...reviewed.databases });
  for (const sentence of SENTENCES) {
    const isSaid = all.some(({ recommendations }) => recommendations.includes(sentence));
    gate(isSaid, `"${sentence}" is recommended to nobody`);
  }
}

/** Throws unless these are the names of everything that a threshold says is too small. */
export function gateTaken(taken: readonly string[], theirs: Recommended): void {
  const expected = Object.entries(theirs).filter(([, said]) => said?.some((one) => TOO_SMALL.includes(one)));
  const names = expected.map(([name]) => name);
  const both = new Set(names).symmetricDifference(new Set(taken));
  gate(both.size === 0, `too small is not the same for Cloud Custodian: ${[...both].join(', ')}`);
}

/** Throws unless the averages are those of the raw hours; with `hourly`, the percentiles of every hour as well. */
export function gateFigures({ services, databases }: Reviewed, { hourly }: { readonly hourly: boolean }): void {
  for (const [place, name] of Object.keys(services).sort().entries()) {
    gate(name === serviceName(place), `${name} is not ${serviceName(place)}`);
    const said = services[name];
    const months = serviceMonths(place);
    if (isSilent(place)) {
      const isUnknown = said?.cpu_average === null && said.recommendations.length === 0 && said.unknown.length > 0;
      gate(isUnknown, `${name} sends nothing, and something is said of it`);
      continue;
    }
    gateAverage(`${name} CPU`, said?.cpu_average, months.get('CPUUtilization'));
    gateAverage(`${name} memory`, said?.memory_average, months.get('MemoryUtilization'));
    if (!hourly) continue;
    gateUsage(`${name} CPU`, said?.usage_percent.cpu, months.get('CPUUtilization'));
    gateUsage(`${name} memory`, said?.usage_percent.memory, months.get('MemoryUtilization'));
  }
  for (const [place, name] of Object.keys(databases).sort().entries()) {
    gate(name === databaseName(place), `${name} is not ${databaseName(place)}`);
    const month = databaseMonths(place).get('CPUUtilization');
    gateAverage(name, databases[name]?.metrics.CPUUtilization?.average, month);
    if (hourly) gateUsage(name, databases[name]?.usage_percent.cpu, month);
  }
}

function gateAverage(what: string, average: number | null | undefined, month: Month | undefined): void {
  const values = valuesOf(month?.averages);
  const expected = values.reduce((sum, value) => sum + value, 0) / values.length;
  const isNear = typeof average === 'number' && Math.abs(average - expected) <= AVERAGE_OFF;
  gate(isNear, `the average of ${what} is ${average}, and not ${expected}`);
}

function gateUsage(what: string, usage: Usage | undefined, month: Month | undefined): void {
  const sorted = valuesOf(month?.maxima).sort((a, b) => a - b);
  const at = (share: number) => {
    const place = (sorted.length - 1) * share;
    const [below = Number.NaN, above = below] = sorted.slice(Math.floor(place), Math.floor(place) + 2);
    return below + (above - below) * (place % 1);
  };
  for (const [name, share] of [
    ['p50', 0.5],
    ['p95', 0.95],
    ['p99_5', 0.995],
    ['maximum', 1],
  ] as const) {
    const [seen, expected] = [usage?.[name], at(share)];
    gate(
      seen !== undefined && Math.abs(seen - expected) <= ROUNDING,
      `${name} of ${what} is ${seen}, and not ${expected}`,
    );
  }
}

function valuesOf(hours: Float64Array | undefined): number[] {
  return [...(hours ?? [])].filter((value) => !Number.isNaN(value));
}
