import { quoted } from '../../core/calendar/problem.ts';
import { InvalidInput } from '../../core/errors.ts';
import type { ChainPlace } from '../../lambdas/runtime/evidence.ts';
import { defineCommand, PLATFORM_OPTIONS, textOption } from '../command.ts';
import { verify } from '../verify.ts';

export const command = defineCommand({
  name: 'verify-runs',
  summary: 'Proves that no record of any run was altered, removed, added or moved, and that no run is missing',
  usage:
    'fettle verify-runs --platform <name or file> [--since <YYYY-MM-DD>] [--anchor <n>:<SHA-256>] [--environment <name>] [--store <folder>] [--json]',
  example: 'fettle verify-runs --platform mine.yaml --since 2026-11-01',
  options: { ...PLATFORM_OPTIONS, since: { type: 'string' }, anchor: { type: 'string' } },
  run: async (given) => verify(given, { since: sinceOf(given), anchor: anchorOf(given) }),
});

function sinceOf(given: Parameters<typeof textOption>[0]): string | undefined {
  const since = textOption(given, 'since');
  if (since === undefined || isDay(since)) return since;
  throw new InvalidInput('CLI_OPTION_VALUE', `${quoted(since)} is no day; write it as 2026-11-01`);
}

function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00.000Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

function anchorOf(given: Parameters<typeof textOption>[0]): ChainPlace | undefined {
  const anchor = textOption(given, 'anchor');
  if (anchor === undefined) return undefined;
  const [, n, sha256] = /^([1-9]\d{0,8}):([0-9a-f]{64})$/i.exec(anchor) ?? [];
  if (n !== undefined && sha256 !== undefined) return { n: Number(n), sha256: sha256.toLowerCase() };
  throw new InvalidInput(
    'CLI_OPTION_VALUE',
    `${quoted(anchor)} is no note of a link; write its number, a colon and its SHA-256 of 64 hexadecimal digits`,
  );
}
