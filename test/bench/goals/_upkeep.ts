import { task as analyze } from '../../../lambdas/tasks/postgres/analyze.ts';
import { task as vacuum } from '../../../lambdas/tasks/postgres/vacuum.ts';
import { type Comparison, inRounds } from '../benchmark.ts';
import { gate } from '../gate.ts';
import { perform, postgresProgram } from '../programs.ts';
import { createTables, killThird, rowsOf, SHOP, SHOP_IN_WORDS, startServer, type Table, toEnd } from './_database.ts';

export interface Upkeep {
  readonly goal: string;
  /** The tables that get dead rows before each run. */
  readonly dirty: readonly Table[];
  readonly hold: number;
  readonly because: string;
  readonly say: (text: string) => void;
}

/** Compares `postgres-vacuum` and then `postgres-analyze` with `vacuumdb --analyze` on the whole database. */
export async function measureUpkeep({ goal, dirty, hold, because, say }: Upkeep): Promise<readonly Comparison[]> {
  await using started = await startServer();
  const url = await started.server.createDatabase('shop');
  say(`making ${SHOP_IN_WORDS} …`);
  await createTables(url, SHOP);
  const vacuumdb = await postgresProgram('vacuumdb');
  const waits: number[] = [];
  let begun = new Date();

  async function ours(): Promise<void> {
    const small = { minRows: 100 };
    const vacuumed = await toEnd(vacuum, url, small);
    const analyzed = await toEnd(analyze, url, small);
    waits.push(vacuumed.waitSeconds + analyzed.waitSeconds);
  }
  const theirs =
    (...processes: readonly string[]) =>
    () =>
      perform(vacuumdb, '--analyze', '--quiet', ...processes, `--dbname=${url}`);

  const { pairs, seconds } = await inRounds({
    before: async () => {
      await killThird(url, dirty);
      await gateDirty(url, dirty);
      begun = new Date();
    },
    after: (side) => gateKept(url, dirty, begun, side),
    sides: { ours, one: theirs(...ONE_PROCESS), two: theirs('--jobs=2') },
  });
  const which = dirty.length === SHOP.length ? 'all' : `${dirty.length} of them (${dirty[0]?.rows ?? 0} rows each)`;
  const what =
    `postgres-vacuum, then postgres-analyze, one table at a time, on ${SHOP_IN_WORDS}; in ${which} a third of the ` +
    `rows updated; without the ${Math.max(...waits)} s that the state machine waits`;
  const common = { what, ours: seconds.ours, unit: 'seconds', hold, better: 'less', pairs, because } as const;
  return [
    {
      ...common,
      goal: `${goal}a`,
      peer: `\`vacuumdb --analyze ${ONE_PROCESS.join(' ')}\`, as many processes as ours`,
      theirs: seconds.one,
    },
    {
      ...common,
      goal: `${goal}b`,
      peer: '`vacuumdb --analyze --jobs=2` and its workers for indexes',
      theirs: seconds.two,
    },
  ];
}

/** Ours has no worker for indexes either. */
const ONE_PROCESS = ['--jobs=1', '--parallel=0'] as const;

interface Counted {
  readonly relname: string;
  readonly dead: number;
  readonly changed: number;
  readonly vacuumed: Date | null;
  readonly analyzed: Date | null;
}

const COUNTS = `SELECT relname, n_dead_tup::int AS dead, n_mod_since_analyze::int AS changed, last_vacuum AS vacuumed,
  last_analyze AS analyzed FROM pg_stat_user_tables ORDER BY 1`;

async function gateDirty(url: string, dirty: readonly Table[]): Promise<void> {
  const counted = await rowsOf<Counted>(url, COUNTS);
  for (const { name, rows } of dirty) {
    const dead = counted.find(({ relname }) => relname === name)?.dead ?? 0;
    gate(dead >= Math.floor(rows / 3), `${name} has ${dead} dead rows before the run, a third of ${rows} is expected`);
  }
}

async function gateKept(url: string, dirty: readonly Table[], begun: Date, side: string): Promise<void> {
  const counted = await rowsOf<Counted>(url, COUNTS);
  gate(counted.length === SHOP.length, `${counted.length} tables are left of ${SHOP.length}`);
  for (const { relname, dead, changed, vacuumed, analyzed } of counted) {
    gate(dead === 0 && changed === 0, `after ${side}, ${relname} has ${dead} dead and ${changed} changed rows`);
    if (!dirty.some(({ name }) => name === relname)) continue;
    const isDone = vacuumed !== null && vacuumed >= begun && analyzed !== null && analyzed >= begun;
    gate(isDone, `${side} did not vacuum and analyze ${relname}`);
  }
}
