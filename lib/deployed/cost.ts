import { PRICES_OF, type Price, type PriceName, type PriceTable } from './prices.ts';
import type { Usage } from './usage.ts';

/** What one kind of usage costs in a month. */
export interface CostLine extends Price {
  readonly name: PriceName;
  readonly quantity: number;
  readonly monthlyUsd: number;
  readonly of: readonly string[];
}

export interface Cost {
  readonly platform: string;
  readonly environment: string;
  readonly monthlyUsd: number;
  /** Dearest first. */
  readonly lines: readonly CostLine[];
  /** What was taken for granted, a sentence each. */
  readonly assumed: readonly string[];
  /** What the platform needs and this does not count, a sentence each. */
  readonly notCounted: readonly string[];
  readonly prices: typeof PRICES_OF;
}

interface CostOptions extends Pick<Cost, 'platform' | 'environment' | 'assumed' | 'notCounted'> {
  readonly usage: readonly Usage[];
  readonly prices: PriceTable;
}

/** The monthly cost of a usage. Pure. */
export function costOf({ usage, prices, ...said }: CostOptions): Cost {
  const lines = [...Map.groupBy(usage, ({ price }) => price)].map(([name, same]): CostLine => {
    const quantity = same.reduce((sum, one) => sum + one.quantity, 0);
    return { name, ...prices[name], quantity, monthlyUsd: quantity * prices[name].usd, of: same.map(({ of }) => of) };
  });
  const monthlyUsd = lines.reduce((sum, line) => sum + line.monthlyUsd, 0);
  return { ...said, monthlyUsd, lines: lines.toSorted((a, b) => b.monthlyUsd - a.monthlyUsd), prices: PRICES_OF };
}

/** The cost as a person reads it in a terminal. */
export function costText({ platform, environment, monthlyUsd, lines, assumed, notCounted, prices }: Cost): string {
  const rows = lines.map(({ service, usageType, quantity, unit, monthlyUsd: usd, of }) => [
    usd.toFixed(2).padStart(9),
    `${service}, ${usageType}`.padEnd(52),
    `${quantity.toLocaleString('en-US', { maximumSignificantDigits: 4 })} ${unit}`,
    `(${of.length > 3 ? `${of.slice(0, 2).join('; ')}; and ${of.length - 2} more` : of.join('; ')})`,
  ]);
  return `${[
    `${platform} ${environment}: ${monthlyUsd.toFixed(2)} USD a month at the prices of ${prices.region}, ${prices.date}`,
    '',
    ...rows.map((row) => row.join('  ')),
    '',
    'assumed',
    ...assumed.map((one) => `  ${one}`),
    'not counted',
    ...notCounted.map((one) => `  ${one}`),
  ].join('\n')}\n`;
}
