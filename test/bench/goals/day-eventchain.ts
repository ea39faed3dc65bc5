import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunReport } from '../../../core/report.ts';
import { writeLogFiles } from '../../../lib/demo/log-files.ts';
import type { DemoPart, MissingPart } from '../../../lib/demo/part.ts';
import { writeBackups } from '../../../lib/demo/parts/backups.ts';
import { startCaches } from '../../../lib/demo/parts/cache.ts';
import { startCluster } from '../../../lib/demo/parts/cluster.ts';
import { writeLogins } from '../../../lib/demo/parts/logins.ts';
import { startMetrics } from '../../../lib/demo/parts/metrics.ts';
import { performRun } from '../../../lib/local/perform-run.ts';
import { openWorkspace } from '../../../lib/local/workspace.ts';
import type { Benchmark } from '../benchmark.ts';
import { gate } from '../gate.ts';
import { temporaryFolder } from '../programs.ts';
import { sized } from '../size.ts';
import { createTables, killThird, rowsOf, startServer, type Table } from './_database.ts';
import { writeDayProfile } from './_day-profile.ts';
import { type Host, startHosts, targetOf } from './_hosts.ts';

const BUDGET_SECONDS = 1_800;
const HOSTS = sized(500, 100);
const TABLES: readonly Table[] = Array.from({ length: sized(200, 10) }, (_, place) => ({
  name: `t${String(place).padStart(3, '0')}`,
  rows: 6_000,
}));

export const benchmark: Benchmark = {
  goal: 'day',
  what: "EventChain's daily procedure with 200 tables and 500 hosts, from Begin to its report",
  run: async (say) => {
    await using folder = await temporaryFolder();
    await using stack = new AsyncDisposableStack();
    const { server } = stack.use(await startServer());
    const { hosts, ca } = stack.use(await startHosts(HOSTS));
    const url = await server.createDatabase('day');
    say(`making ${TABLES.length} tables of ${TABLES[0]?.rows ?? 0} rows, 4 indexes each …`);
    await createTables(url, TABLES);
    await killThird(url, TABLES);
    const options = { folder: folder.path, now: new Date(), fresh: true, say };
    const parts: (DemoPart | MissingPart)[] = [];
    for (const start of [startCluster, writeBackups, writeLogFiles, writeLogins, startCaches, startMetrics]) {
      const part = await start(options);
      if ('stop' in part) stack.defer(() => part.stop());
      parts.push(part);
    }
    const started = parts.flatMap((part) => ('addresses' in part ? Object.entries(part.addresses) : []));
    const addresses: Readonly<Record<string, string>> = { postgres: url, 'ca.pem': ca, ...Object.fromEntries(started) };
    await mkdir(join(folder.path, 'addresses'));
    for (const [name, address] of Object.entries(addresses)) {
      await writeFile(join(folder.path, 'addresses', name), address);
    }
    const reference = (name: string) => `file:addresses/${name}`;
    const targets = {
      postgres: { main: { url: reference('postgres') } },
      endpoints: Object.fromEntries(hosts.map((host) => [host.name, targetOf(host, reference('ca.pem'))])),
      kubernetes: { cluster: { kubeconfig: reference('kubeconfig') } },
      backups: { database: { url: reference('backups') } },
      logs: { application: { url: reference('logs') }, logins: { url: reference('logins') } },
      ...('prometheus' in addresses && { metrics: { prometheus: { url: reference('prometheus') } } }),
      ...('cache' in addresses && { redis: { cache: { url: reference('cache') } } }),
    };
    const everyTable = { maxTables: TABLES.length, minRows: 1_000 };
    const inputs = {
      'postgres-vacuum': everyTable,
      'postgres-analyze': everyTable,
      'postgres-reindex': { tables: TABLES.slice(0, 4).map(({ name }) => name), minSize: '128kB' },
    };
    const day = await writeDayProfile(folder.path, targets, inputs);
    if (day.leftOut.length > 0) say(`no server here for ${day.leftOut.join(', ')}`);

    const { seconds, report } = await runDay(folder.path, day.file);
    for (const { task, durationSeconds = 0, verdict } of report.tasks) {
      say(`  ${task} ${durationSeconds.toFixed(1)} s, ${verdict}`);
    }
    gateReport(report, day.tasks, hosts);
    await gateTables(url);
    return [
      {
        goal: 'day',
        what:
          `EventChain's daily procedure (${day.tasks.length} tasks), ${TABLES.length} tables that all need it, ` +
          `${hosts.length} hosts, functions as processes, waits included`,
        ...{ peer: 'its budget', ours: seconds, theirs: BUDGET_SECONDS, unit: 'seconds', hold: 1, better: 'less' },
        pairs: 1,
      },
    ];
  },
};

/** Seconds from the start to the report that is there for all to read. */
async function runDay(folder: string, file: string) {
  const workspace = await openWorkspace({ platform: file, store: join(folder, 'store'), now: new Date() });
  const start = performance.now();
  const { report } = await performRun({
    workspace: { ...workspace, logFolder: join(folder, 'logs') },
    procedure: 'daily',
    input: { trigger: 'person', mode: 'execute', reason: 'benchmark' },
    signal: AbortSignal.timeout(2 * BUDGET_SECONDS * 1_000),
    onProgress: () => undefined,
    onReaped: () => undefined,
  });
  const seconds = (performance.now() - start) / 1_000;
  // Log lines are appended while nobody waits for them.
  await sleep(500);
  return { seconds, report };
}

function gateReport({ ended, mode, tasks, findings }: RunReport, wanted: readonly string[], hosts: readonly Host[]) {
  gate(ended === 'finished' && mode === 'execute', `the run ended as ${ended} in mode ${mode}`);
  for (const name of wanted) {
    const task = tasks.find((one) => one.task === name);
    gate(task?.recorded === true, `${name} left no record`);
    if (name.startsWith('certificates-')) {
      gate(task.targets.length === hosts.length, `${task.targets.length} of ${hosts.length} hosts have a verdict`);
    }
  }
  const silent = hosts.filter(({ served }) => served === undefined).length;
  const notProbed = findings.filter(({ kind }) => kind === 'not-probed').length;
  gate(notProbed === silent, `${notProbed} hosts were not probed, ${silent} are silent`);
}

async function gateTables(url: string): Promise<void> {
  const [counted] = await rowsOf<{ tables: number; dead: number; changed: number }>(
    url,
    `SELECT count(*)::int AS tables, sum(n_dead_tup)::int AS dead, sum(n_mod_since_analyze)::int AS changed
     FROM pg_stat_user_tables`,
  );
  const isDone = counted?.tables === TABLES.length && counted.dead === 0 && counted.changed === 0;
  gate(isDone, `the tables are not all vacuumed and analyzed: ${JSON.stringify(counted)}`);
}
