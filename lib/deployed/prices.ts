import { quoted } from '../../core/calendar/problem.ts';
import { InvalidInput } from '../../core/errors.ts';
import { nearestHint } from '../profiles/nearest-word.ts';

/** A price of AWS. */
export interface Price {
  /** What it is for, and the name that bills have for it. */
  readonly service: string;
  readonly usageType: string;
  /** USD for one unit. */
  readonly usd: number;
  readonly unit: string;
}

/** Where the prices below hold, and when they were written down. Taxes, discounts and free tiers are not in them. */
export const PRICES_OF = { region: 'us-east-1', date: '2026-11-21' } as const;

/** List prices; those of another region, or of a contract, are given with `--prices`. */
export const PRICES = {
  stateTransition: price('Step Functions', 'StateTransition', 0.025 / 1_000, 'transition'),
  functionGbSecond: price('Lambda', 'Lambda-GB-Second-ARM', 0.000_013_333_4, 'GB-second'),
  functionRequest: price('Lambda', 'Request-ARM', 0.2 / 1_000_000, 'request'),
  scheduledStart: price('EventBridge Scheduler', 'ScheduledInvocation', 1 / 1_000_000, 'invocation'),
  storeWrite: price('S3', 'Requests-Tier1', 0.005 / 1_000, 'request'),
  storeRead: price('S3', 'Requests-Tier2', 0.000_4 / 1_000, 'request'),
  storeGbMonth: price('S3', 'TimedStorage-ByteHrs', 0.023, 'GB-month'),
  alarm: price('CloudWatch', 'CW:AlarmMonitorUsage', 0.1, 'alarm-month'),
  dashboard: price('CloudWatch', 'DashboardsUsageHour', 3, 'dashboard-month'),
  metric: price('CloudWatch', 'CW:MetricMonitorUsage', 0.3, 'metric-month'),
  metricCall: price('CloudWatch', 'CW:Requests', 0.01 / 1_000, 'request'),
  logGb: price('CloudWatch Logs', 'DataProcessing-Bytes', 0.5, 'GB'),
  logGbMonth: price('CloudWatch Logs', 'TimedStorage-ByteHrs', 0.03, 'GB-month'),
  trace: price('X-Ray', 'XRay-TracesStored', 5 / 1_000_000, 'trace'),
  message: price('SNS', 'DeliveryAttempts-SMTP', 2 / 100_000, 'e-mail'),
  secretCall: price('Secrets Manager', 'AWSSecretsManagerAPIRequest', 0.05 / 10_000, 'request'),
} as const satisfies Readonly<Record<string, Price>>;
export type PriceName = keyof typeof PRICES;
export type PriceTable = Readonly<Record<PriceName, Price>>;

function price(service: string, usageType: string, usd: number, unit: string): Price {
  return { service, usageType, usd, unit };
}

/** The table with other prices in it: `{ "alarm": 0.11 }`. Throws `InvalidInput`, with the nearest name, where it has none of this name. */
export function withPrices(given: unknown, file: string): PriceTable {
  const wrong = (problem: string) => new InvalidInput('CLI_OPTION_VALUE', `${file}: ${problem}`);
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw wrong('a mapping of prices is needed, such as {"alarm": 0.11}');
  const names = Object.keys(PRICES) as PriceName[];
  const table: Record<PriceName, Price> = { ...PRICES };
  for (const [name, usd] of Object.entries(given as Record<string, unknown>)) {
    const known = names.find((one) => one === name);
    if (known === undefined)
      throw wrong(`there is no price ${quoted(name)}${nearestHint(name, names) || `; allowed: ${names.join(', ')}`}`);
    if (typeof usd !== 'number' || !Number.isFinite(usd) || usd < 0)
      throw wrong(`${name} is ${JSON.stringify(usd)}; a price is a number of USD for one ${PRICES[known].unit}`);
    table[known] = { ...PRICES[known], usd };
  }
  return table;
}
