import pg from 'pg';
import { execute } from './servers/postgres.ts';

/** What a first run of the daily procedure must find in the planted database, and what it mends. */
export const PLANTED = {
  /** Many dead rows that a vacuum removes. */
  vacuum: ['public.tickets'],
  /** Changed since their last analyze; `tickets` by the updates that left its dead rows. */
  analyze: ['public.tickets', 'public.events'],
  /** Stays until a person resets the storage parameter. */
  autovacuumOff: ['public.payments'],
  /** Nothing is wrong with it. */
  healthy: ['public.users'],
} as const;

const SCHEMA = [
  `CREATE TABLE users (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE, name text NOT NULL,
     wallet_address text NOT NULL, created_at timestamptz NOT NULL)`,
  `CREATE TABLE events (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, organiser_id bigint NOT NULL REFERENCES users, title text NOT NULL,
     venue text NOT NULL, starts_at timestamptz NOT NULL, capacity int NOT NULL, status text NOT NULL)`,
  `CREATE TABLE tickets (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id bigint NOT NULL REFERENCES events,
     owner_id bigint NOT NULL REFERENCES users, token text NOT NULL, status text NOT NULL, updated_at timestamptz NOT NULL)`,
  'CREATE INDEX tickets_event_id_idx ON tickets (event_id)',
  'CREATE INDEX tickets_status_idx ON tickets (status)',
  `CREATE TABLE payments (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ticket_id bigint NOT NULL REFERENCES tickets,
     amount_cents int NOT NULL, currency text NOT NULL, provider text NOT NULL, paid_at timestamptz NOT NULL)
     WITH (autovacuum_enabled = false)`,
  'CREATE INDEX payments_ticket_id_idx ON payments (ticket_id)',
];

const ROWS = [
  `INSERT INTO users (email, name, wallet_address, created_at)
   SELECT format('user%s@example.org', n), format('User %s', n), '0x' || md5('wallet' || n), timestamptz '2026-01-01' + n * interval '7 minutes'
   FROM generate_series(1, 25000) n`,
  `INSERT INTO events (organiser_id, title, venue, starts_at, capacity, status)
   SELECT 1 + n % 500, format('Event %s', n), (ARRAY['Harbour Hall', 'Old Mill', 'Arena Nord', 'City Park'])[1 + n % 4],
          timestamptz '2026-02-01' + n * interval '90 minutes', 50 + n % 400, 'published'
   FROM generate_series(1, 5000) n`,
  `INSERT INTO tickets (event_id, owner_id, token, status, updated_at)
   SELECT 1 + n % 5000, 1 + (n * 7) % 25000, md5('ticket' || n), 'issued', timestamptz '2026-03-01' + n * interval '1 minute'
   FROM generate_series(1, 110000) n`,
  `INSERT INTO payments (ticket_id, amount_cents, currency, provider, paid_at)
   SELECT n, 1500 + (n % 40) * 250, (ARRAY['EUR', 'USD'])[1 + n % 2], (ARRAY['card', 'wallet', 'transfer'])[1 + n % 3],
          timestamptz '2026-03-01' + n * interval '2 minutes'
   FROM generate_series(1, 60000) n`,
];

const TABLES = ['users', 'events', 'tickets', 'payments'];

const PROBLEMS = [
  // The status is indexed, so every update leaves a dead row that only a vacuum removes.
  `UPDATE tickets SET status = 'used', updated_at = updated_at + interval '1 day' WHERE id % 5 < 2`,
  `UPDATE events SET status = 'finished' WHERE id % 2 = 0`,
];

/**
 * Fills the database with EventChain's tables and plants the problems of `PLANTED`.
 *
 * A database that has the tables already is left as it is, so that a later demo shows what an earlier one mended;
 * `fresh` begins again. Says whether it planted.
 */
export async function plant(url: string, { fresh = false }: { readonly fresh?: boolean } = {}): Promise<boolean> {
  // The comment comes last, so what stopped half-way is planted again.
  const [found] = await execute(
    url,
    `SELECT FROM pg_description WHERE description = 'planted' AND objoid = to_regclass('public.payments')`,
  );
  if (found?.rowCount === 1 && !fresh) return false;
  const extension = 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements';
  // A session's counts reach the statistics when it ends, at the latest; a vacuum must find those of the rows.
  await execute(url, 'DROP TABLE IF EXISTS payments, tickets, events, users CASCADE', extension, ...SCHEMA, ...ROWS);
  await execute(url, ...TABLES.map((table) => `VACUUM (ANALYZE) ${table}`));
  await execute(url, ...PROBLEMS, 'COMMENT ON TABLE payments IS $$planted$$');
  return true;
}

export interface HeldHorizon {
  /** The process id of the session that holds it. */
  readonly pid: number;
  release(): Promise<void>;
}

/** Opens a transaction and leaves it idle, as a forgotten console does: no vacuum removes what dies from now on. */
export async function holdHorizon(url: string): Promise<HeldHorizon> {
  const client = new pg.Client({ connectionString: url, application_name: 'forgotten-console' });
  // Whoever ends the session ends it; that is what a demo shows.
  client.on('error', () => undefined);
  await client.connect();
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const pid = rows[0]?.pid ?? 0;
  return { pid, release: () => client.end() };
}
