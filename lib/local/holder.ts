import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Holder } from '../../core/run.ts';

/** This process, as leases and open runs name it. */
export function thisHolder(): Holder {
  const processStartedAt = startOf(process.pid);
  if (processStartedAt === undefined) throw new Error('the start time of this process cannot be read');
  return { host: hostname(), pid: process.pid, processStartedAt };
}

/** True while the process lives; also true for one on another host, of which nothing can be seen from here. */
export function mayLive({ host, pid, processStartedAt }: Holder): boolean {
  return host !== hostname() || startOf(pid) === processStartedAt;
}

/** When a process started, in whatever form the system has; undefined where there is no such process. */
function startOf(pid: number): string | undefined {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

function fromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in brackets, may hold anything; the fields behind it are numbers.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return state === 'Z' || state === 'X' ? undefined : `${boot}:${fields[19] ?? ''}`;
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}

function fromPs(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', timeout: 5_000 }).trim();
  } catch (thrown) {
    if (thrown instanceof Error && 'status' in thrown && thrown.status === 1) return undefined;
    throw thrown;
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ESRCH');
}
