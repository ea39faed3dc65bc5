import type { Finding } from '../../../core/finding.ts';
import type { RedisAddress } from './_address.ts';
import { type Info, numberOf, totalsOf } from './_info.ts';
import type { KeySample, PatternCount } from './_key-sample.ts';
import type { Kind } from './_memory-findings.ts';
import { inBytes, inCount, percentOf } from './_quantity.ts';
import { missingRights } from './_rights.ts';

export interface ExpiryLimits {
  readonly withoutExpiryAbove: number;
  readonly minKeys: number;
  readonly bigKeyBytes: number;
}

const MOST_PATTERNS = 5;
/** A sample that was cut short is one from so many keys on. */
const FEWEST_KEYS = 1_000;
const CUT: Readonly<Partial<Record<KeySample['ended'], string>>> = {
  slow: ', then its answers slowed down',
  time: ', then the time was over',
};

/**
 * Judges the keys without an expiry: how many is exact, which is a sample.
 *
 * Where any key may be evicted they do no harm. `sample` is undefined where none was wanted.
 */
export function judgeExpiry(
  target: string,
  info: Info,
  sample: KeySample | undefined,
  { withoutExpiryAbove, minKeys }: ExpiryLimits,
): Finding<Kind>[] {
  const { keys, withoutExpiry } = totalsOf(info);
  if (withoutExpiry === 0) return [];
  const value = percentOf(withoutExpiry, keys);
  const isEvictable = (numberOf(info, 'maxmemory') ?? 0) > 0 && !/^(noeviction|volatile-)/.test(policyOf(info));
  const onlyGrows = !isEvictable && keys >= minKeys && value > withoutExpiryAbove;
  const summary = [
    `${inCount(withoutExpiry)} of ${inCount(keys)} keys have no expiry, ${value} %`,
    ...(onlyGrows ? [`, limit ${withoutExpiryAbove} %`] : []),
    ...(sample && sample.patterns.length > 0 ? [`; ${patternsIn(sample, withoutExpiry, keys)}`] : []),
  ].join('');
  if (!onlyGrows) return [{ kind: 'keys-without-expiry', target, summary, value, unit: 'percent' }];
  return [{ kind: 'keys-only-grow', target, summary, value, limit: withoutExpiryAbove, unit: 'percent' }];
}

/** Judges what the sample says: large keys, and what it could not see. */
export function judgeSample(
  target: string,
  sample: KeySample,
  { address, info, bigKeyBytes }: { address: RedisAddress; info: Info; bigKeyBytes: number },
): Finding<Kind>[] {
  const findings: Finding<Kind>[] = [];
  for (const [pattern, ofPattern] of Map.groupBy(sample.bigKeys, (key) => `${key.database} ${key.pattern}`)) {
    const [biggest] = ofPattern;
    if (!biggest) continue;
    const { database, sizeBytes } = biggest;
    const others = ofPattern.length > 1 ? `, the largest of ${inCount(ofPattern.length)}` : '';
    findings.push({
      kind: 'big-key',
      target,
      subject: `database ${pattern}`,
      summary: `a key like ${biggest.pattern} in database ${database} takes ${inBytes(sizeBytes)}${others}, limit ${inBytes(bigKeyBytes)}`,
      value: sizeBytes,
      limit: bigKeyBytes,
      unit: 'bytes',
      command: memkeysCommand(address, database),
    });
  }
  const unsampled = judgeCoverage(target, sample, address, info);
  return unsampled ? [...findings, unsampled] : findings;
}

/** Says where the sample is none, or so small that it says nothing of the rest. */
function judgeCoverage(
  target: string,
  sample: KeySample,
  address: RedisAddress,
  info: Info,
): Finding<Kind> | undefined {
  const { keys, withoutExpiry } = totalsOf(info);
  const seen = `of ${inCount(keys)} keys ${inCount(sample.keys)} could be looked at`;
  const [missing, ...others] = missingRights(sample);
  if (missing) {
    const words = [missing, ...others].map(({ command, words: said }) => `${command}: ${said}`).join('; ');
    const command = [missing, ...others].map((right) => right.grant(address.user, info)).find(Boolean);
    const summary = `${seen}; the server refused ${words}`;
    return { kind: 'not-sampled', target, summary, ...(command !== undefined && { command }) };
  }
  if (sample.ended in CUT && sample.keys < Math.min(FEWEST_KEYS, keys)) {
    return { kind: 'not-sampled', target, summary: `${seen}${CUT[sample.ended] ?? ''}` };
  }
  // Keys that expire may be gone before they are looked at; those that never do are there.
  if (sample.keys > 0 || withoutExpiry === 0) return undefined;
  return { kind: 'not-sampled', target, summary: `${seen}, though ${inCount(withoutExpiry)} of them never expire` };
}

function patternsIn({ patterns, keys: seen, ended }: KeySample, withoutExpiry: number, keys: number): string {
  const sampled = patterns.reduce((sum, count) => sum + count.withoutExpiry, 0);
  const whole = seen >= keys;
  const shown = patterns.slice(0, MOST_PATTERNS).map((count) => inWords(count, withoutExpiry / sampled, whole));
  const rest = patterns.length - shown.length;
  const cut = CUT[ended] ?? '';
  return `by ${inCount(seen)} keys looked at (${percentOf(Math.min(seen, keys), keys)} %${cut}): ${shown.join(', ')}${rest > 0 ? ` and ${rest} more patterns` : ''}`;
}

function inWords({ pattern, withoutExpiry, sized, sizedBytes }: PatternCount, scale: number, whole: boolean): string {
  const count = withoutExpiry * scale;
  const size = sized > 0 ? `, ${inBytes((sizedBytes / sized) * count)}` : '';
  return `${pattern} ${whole ? '' : 'about '}${inCount(count)}${size}`;
}

function memkeysCommand({ host, port, user, password, tls }: RedisAddress, database: number): string {
  const parts = ['redis-cli', '-h', host, '-p', String(port), '-n', String(database), '--memkeys'];
  if (tls) parts.push('--tls');
  if (user !== undefined) parts.push('--user', user);
  if (password !== undefined) parts.push('--askpass');
  return parts
    .map((part) => (/^[\w.:-]+$/.test(part) ? part : `'${part.replaceAll("'", String.raw`'\''`)}'`))
    .join(' ');
}

function policyOf({ fields }: Info): string {
  return fields.get('maxmemory_policy') ?? 'noeviction';
}
