import { readFileSync } from 'node:fs';

/**
 * The most memory that this process has held so far, in MiB, as Linux counts it for this very program.
 *
 * `resourceUsage().maxRSS` is no such thing: it begins with what the process held that started this one, before it became
 * this program, so the same child looks larger under a larger parent.
 */
export function mostMemoryMiB(): number {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  if (kib === undefined) throw new Error('/proc/self/status has no VmHWM: this needs Linux');
  return Number(kib) / 1024;
}
