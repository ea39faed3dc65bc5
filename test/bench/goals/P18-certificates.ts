import type { TaskResult } from '../../../core/task.ts';
import { task } from '../../../lambdas/tasks/certificates/check-endpoints.ts';
import { resultOf } from '../../harness/perform-task.ts';
import { type Benchmark, inRounds } from '../benchmark.ts';
import { gate } from '../gate.ts';
import { shell } from '../programs.ts';
import { sized } from '../size.ts';
import { type Host, startHosts, targetOf } from './_hosts.ts';

const HOSTS = sized(500, 100);
const SAMPLE = sized(100, 16);
const TIMEOUT_SECONDS = 5;
const MOST_BEYOND_SECONDS = 2;
const DAY_MILLISECONDS = 86_400_000;

const LOOP = `while [ $# -gt 0 ]; do
  echo | openssl s_client -servername "$2" -connect "$1" 2>/dev/null | openssl x509 -noout -enddate
  shift 2
done`;

export const benchmark: Benchmark = {
  goal: 'P18',
  what: 'checking the certificates of 500 hosts',
  needs: ['openssl'],
  run: async () => {
    await using set = await startHosts(HOSTS);
    const { hosts, ca } = set;
    const live = hosts.filter(({ served }) => served !== undefined);
    const sample = live.slice(0, SAMPLE);
    const check = (some: readonly Host[]): Promise<TaskResult<string>> =>
      resultOf({
        task,
        targets: Object.fromEntries(some.map((host) => [host.name, targetOf(host, ca)])),
        input: { probeTimeoutSeconds: TIMEOUT_SECONDS },
      });
    const loop = () =>
      shell(LOOP, ...sample.flatMap(({ address, port, served }) => [`${address}:${port}`, served?.serverName ?? '']));
    gateVerdicts(hosts, await check(hosts));
    gateSameEnds(sample, await check(sample), (await loop()).stdout);

    const { pairs, seconds } = await inRounds({
      sides: { live: () => check(live), loop, all: () => check(hosts) },
    });
    const openssl = '`openssl s_client | openssl x509`, one after the other';
    const silent = hosts.length - live.length;
    return [
      {
        ...{ goal: 'P18a', what: `certificates-check-endpoints of ${live.length} hosts`, pairs, hold: 20 },
        ...{ peer: `${openssl}, ${SAMPLE} of the same hosts`, unit: 'per second', better: 'more' },
        ...{ ours: live.length / seconds.live, theirs: SAMPLE / seconds.loop },
        because:
          'each certificate is read and held against its whole chain besides; servers and clients share two processors',
      },
      {
        ...{ goal: 'P18b', what: `the same with ${silent} silent hosts among them`, pairs, hold: 1, better: 'less' },
        ...{ peer: `one time-out of ${TIMEOUT_SECONDS} s and ${MOST_BEYOND_SECONDS} s`, unit: 'seconds' },
        ...{ ours: seconds.all, theirs: TIMEOUT_SECONDS + MOST_BEYOND_SECONDS },
        because: '32 hosts are looked at side by side, and the silent ones keep their places until the time-out',
      },
    ];
  },
};

function gateVerdicts(hosts: readonly Host[], { findings, measurements }: TaskResult<string>): void {
  const found = Map.groupBy(findings, ({ target }) => target);
  for (const { name, served } of hosts) {
    const kinds = (found.get(name) ?? []).map(({ kind }) => kind).sort();
    const wanted = served?.kinds ?? ['not-probed'];
    gate(kinds.join() === wanted.join(), `${name} is ${wanted.join() || 'healthy'}, and found was: ${kinds.join()}`);
    const isMeasured = measurements.some(({ target }) => target === name);
    gate(isMeasured === (served !== undefined), `${name} ${isMeasured ? 'is silent and was' : 'was not'} measured`);
  }
}

/** Sees that both read the same end from every certificate. */
function gateSameEnds(sample: readonly Host[], { measurements }: TaskResult<string>, printed: string): void {
  const lines = printed.trim().split('\n');
  gate(lines.length === sample.length, `openssl read ${lines.length} certificates of ${sample.length}`);
  const now = Date.now();
  for (const [place, { name, served }] of sample.entries()) {
    const theirs = Date.parse(lines[place]?.replace('notAfter=', '') ?? '');
    gate(Math.abs(theirs - (served?.notAfter ?? 0)) < 1_000, `openssl says of ${name}: ${lines[place] ?? ''}`);
    const days = measurements.find((one) => one.target === name && one.name === 'certificate-days-left')?.value;
    const isSame = days !== undefined && Math.abs(days - (theirs - now) / DAY_MILLISECONDS) < 0.1;
    gate(isSame, `${name} ends ${lines[place] ?? ''}, and ${days ?? 'no'} days are left`);
  }
}
