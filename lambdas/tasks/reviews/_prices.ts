import type { TaskSize } from './_fargate.ts';
import { rounded, type PriceDifference } from './_recommendation.ts';

/** Prices on demand in US dollars an hour, by what is paid for: `fargate-vcpu`, `db.m5.large`, `cache.r6g.large`. */
export interface Prices {
  readonly region: string;
  /** The day of which the prices are. */
  readonly asOf: string;
  readonly usdPerHour: ReadonlyMap<string, number>;
}

/** As AWS counts a month. */
const MONTH_HOURS = 730;
const AS_OF = '2026-06-30';

const FARGATE = {
  'fargate-vcpu': 0.04048,
  'fargate-gib': 0.004445,
  'fargate-arm-vcpu': 0.03238,
  'fargate-arm-gib': 0.00356,
};

/** Of PostgreSQL in one availability zone, and of nodes of Redis; larger sizes of a family cost in proportion. */
const BY_REGION: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'us-east-1': {
    ...FARGATE,
    'db.t4g.micro': 0.016,
    'db.t4g.small': 0.032,
    'db.t4g.medium': 0.065,
    'db.t4g.large': 0.129,
    'db.t3.micro': 0.018,
    'db.t3.small': 0.036,
    'db.t3.medium': 0.072,
    'db.t3.large': 0.145,
    'db.m5.large': 0.178,
    'db.m6g.large': 0.159,
    'db.r5.large': 0.25,
    'db.r6g.large': 0.225,
    'cache.t4g.micro': 0.016,
    'cache.t4g.small': 0.032,
    'cache.t4g.medium': 0.065,
    'cache.t3.micro': 0.017,
    'cache.t3.small': 0.034,
    'cache.t3.medium': 0.068,
    'cache.m5.large': 0.156,
    'cache.m6g.large': 0.149,
    'cache.r5.large': 0.216,
    'cache.r6g.large': 0.206,
  },
  'eu-west-1': FARGATE,
};

/** The table of a region, with what the profile knows better. */
export function pricesOf(region: string, overrides: Readonly<Record<string, number>>): Prices {
  return { region, asOf: AS_OF, usdPerHour: new Map(Object.entries({ ...BY_REGION[region], ...overrides })) };
}

/** What tasks cost before and after a change, at the number of tasks that ran on average. */
export function priceOfTasks(
  { isFargate, isArm }: { readonly isFargate: boolean; readonly isArm: boolean },
  { now, proposed }: { readonly now: TaskSize; readonly proposed: TaskSize },
  tasks: number,
  prices: Prices,
  { proposedTasks = tasks }: { readonly proposedTasks?: number } = {},
): PriceDifference {
  if (!isFargate) return { unknown: 'tasks on machines of your own have no price; the machines have one' };
  const kind = isArm ? 'fargate-arm' : 'fargate';
  const vcpu = prices.usdPerHour.get(`${kind}-vcpu`);
  const gib = prices.usdPerHour.get(`${kind}-gib`);
  if (vcpu === undefined || gib === undefined) return unpriced(`${kind}-vcpu and ${kind}-gib`, prices);
  const monthly = ({ cpuUnits, memoryMiB }: TaskSize, count: number) =>
    rounded(count * MONTH_HOURS * ((cpuUnits / 1_024) * vcpu + (memoryMiB / 1_024) * gib));
  return { usdPerMonthNow: monthly(now, tasks), usdPerMonthProposed: monthly(proposed, proposedTasks) };
}

/** What machines of one class cost before and after a change of class; `count` is how many of them are paid for. */
export function priceOfClass(now: string, proposed: string, count: number, prices: Prices): PriceDifference {
  const hourlyNow = hourly(now, prices);
  const hourlyProposed = hourly(proposed, prices);
  if (hourlyNow === undefined) return unpriced(now, prices);
  if (hourlyProposed === undefined) return unpriced(proposed, prices);
  return {
    usdPerMonthNow: rounded(hourlyNow * count * MONTH_HOURS),
    usdPerMonthProposed: rounded(hourlyProposed * count * MONTH_HOURS),
  };
}

function hourly(name: string, { usdPerHour }: Prices): number | undefined {
  const known = usdPerHour.get(name);
  const times = /^(.*)\.(?:(\d+)x|x)large$/.exec(name);
  if (known !== undefined || times === null) return known;
  const large = usdPerHour.get(`${times[1]}.large`);
  return large === undefined ? undefined : large * 2 * Number(times[2] ?? 1);
}

function unpriced(what: string, { region, asOf }: Prices): PriceDifference {
  return { unknown: `the table of ${asOf} has no price of ${what} in ${region}; give it in \`prices\`` };
}
