import { databaseFamily } from '../_classes.ts';
import { rounded } from '../_recommendation.ts';
import { addDays, dayOf } from './days.ts';
import type { Cost, Ground } from './hop.ts';
import { dayAfter, type Support } from './support.ts';
import { DATABASE_EXTENDED_SUPPORT_USD, MONTH_HOURS, VENDOR_DATES_AS_OF } from './vendor-dates.ts';

const YEAR_DAYS = 365;

/** What extended support costs a month, by the vCPUs; undefined where it will not be charged in the months that come. */
export function databaseCost(
  { engine, classes }: { readonly engine: string; readonly classes: readonly string[] },
  { standardEnd, isExtended }: Support,
  { now, region, input }: Ground,
): Cost | undefined {
  if (standardEnd === undefined || !isExtended || standardEnd > addDays(now, input.horizonDays)) return undefined;
  const own = input.extendedSupportUsdPerVcpuHour;
  const listed = DATABASE_EXTENDED_SUPPORT_USD[region];
  if (own === undefined && listed === undefined) {
    const what = `the table of ${VENDOR_DATES_AS_OF} has no price of extended support in ${region}`;
    return { unknown: `${what}; give it in \`extendedSupportUsdPerVcpuHour\`` };
  }
  if (classes.length === 0) return { unknown: 'none of its instances could be read, so what it costs is not known' };
  const vcpus = classes.map(vcpusOf);
  const odd = classes[vcpus.indexOf(undefined)];
  if (odd !== undefined) return { unknown: `how many vCPUs ${odd} has is not known, so neither is its price` };
  const sum = vcpus.reduce<number>((total, count) => total + (count ?? 0), 0);
  // Aurora MySQL is charged the first price for all years.
  const isThird = engine !== 'aurora-mysql' && addDays(standardEnd, 2 * YEAR_DAYS) < now;
  const hourly = own ?? (isThird ? listed?.thirdYear : listed?.firstTwoYears) ?? 0;
  const year = isThird ? 'the third year' : 'the first two years';
  return {
    usdPerMonth: rounded(sum * hourly * MONTH_HOURS),
    from: standardEnd > now ? dayAfter(standardEnd) : dayOf(now),
    why: `${sum} vCPUs at ${hourly} USD an hour${own === undefined ? `, as in ${year}` : ''}`,
  };
}

function vcpusOf(name: string): number | undefined {
  return databaseFamily(name).find((one) => one.name === name)?.vcpus;
}
