import type { Json } from '../../../../core/json.ts';
import type { Need } from '../../../../core/need.ts';
import type { Task } from '../../../../core/task.ts';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { needCalled, needsOf } from '../../../harness/needs-of.ts';
import { startTestServer, type TestServer } from './_database.ts';

/** A server with a role that may nothing but log in, which writes down what each session runs. */
export interface NeedsServer {
  readonly tests: TestServer;
  /** A new database with a table of `app`, as the superuser and as the role that may nothing. */
  database(): Promise<{ readonly admin: string; readonly url: string; readonly name: string }>;
  /** The statements that looking has run and that do anything but read, and how many it has run at all. */
  changes(): { readonly ran: number; readonly changing: readonly string[] };
  end(): Promise<void>;
}

// What only reads, and calls nothing that acts on the server or its sessions.
const READING =
  /^(SELECT|WITH|BEGIN READ ONLY$|ROLLBACK$)(?![\s\S]*\b(INSERT|UPDATE|DELETE FROM|CREATE|ALTER|GRANT|DROP|TRUNCATE|LOCK TABLE|pg_(reload|terminate|cancel|create|drop|switch|stat_reset)\w*)\b)/;

export const ROLE = 'fettle the 1st';
const PASSWORD = 'correct horse';

export async function startNeedsServer(settings: readonly string[] = []): Promise<NeedsServer> {
  const tests = await startTestServer(['log_statement=all', 'log_line_prefix=<%a>', ...settings]);
  await execute(tests.server.url(), 'CREATE ROLE app', `CREATE ROLE "${ROLE}" LOGIN PASSWORD '${PASSWORD}'`);
  return {
    tests,
    database: async () => {
      const admin = await tests.database();
      const name = decodeURIComponent(new URL(admin).pathname.slice(1));
      await execute(admin, 'CREATE TABLE orders (id int PRIMARY KEY)', 'ALTER TABLE orders OWNER TO app');
      return { admin, name, url: tests.server.url(name, { name: ROLE, password: PASSWORD }) };
    },
    changes: () => {
      const logged = /^<fettle:doctor>LOG: +(?:statement|execute [^:]+): ([\s\S]*?)(?=^<)/gm;
      const statements = [...`${tests.server.log()}\n<`.matchAll(logged)].map(([, statement = '']) => statement.trim());
      return { ran: statements.length, changing: statements.filter((statement) => !READING.test(statement)) };
    },
    end: () => tests.end(),
  };
}

/** What the task says that it needs of one database. */
export async function ask(task: Task, url: string, input: Readonly<Record<string, Json>> = {}) {
  return needsOf({ task, targets: { main: { url } }, input });
}

/** Runs the grant of a need as the superuser, line by line as it would be pasted. */
export async function give(admin: string, needs: readonly Need[], words: string): Promise<void> {
  const { grant } = needCalled(needs, words);
  if (grant === undefined) throw new Error(`${words} has no grant`);
  await execute(admin, ...grant.split('\n'));
}

/** The needs that are not met. */
export function unmet(needs: readonly Need[]): Need[] {
  return needs.filter(({ state }) => state !== 'met');
}
