import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { execute, type PostgresServer } from './servers/postgres.ts';

/** What the checks of queries, connections and ages find in the planted database, given `QUERY_INPUTS`; ages are well. */
export const QUERY_FINDINGS: readonly string[] = [
  'postgres-check-slow-queries slow-queries main',
  'postgres-check-connection own-limit-reached main role reporting',
];

/** What they find where a migration waits. */
export function migrationFindings(target: string): readonly string[] {
  return [`postgres-check-slow-queries long-running ${target} pid`];
}

/** Entries of a profile with limits that a demo of a minute can exceed. */
export const QUERY_INPUTS = {
  'postgres-check-slow-queries': { meanMillisecondsAbove: 100, runningAbove: '1s', minInterval: '1s' },
  'postgres-check-connection': {},
  'postgres-check-wraparound': {},
} as const;

// The wait stands for a disk that is too slow; each shape is a query of its own.
const SLOW = 'WITH disk AS MATERIALIZED (SELECT pg_sleep(0.12))';
const SLOW_QUERIES = [
  `${SLOW} SELECT count(*) FROM disk, tickets WHERE status = 'used'`,
  `${SLOW} SELECT count(*) FROM disk, tickets WHERE event_id = 77`,
  `${SLOW} SELECT sum(amount_cents) FROM disk, payments WHERE currency = 'EUR'`,
  `${SLOW} SELECT max(paid_at) FROM disk, payments WHERE provider = 'card'`,
  `${SLOW} SELECT count(*) FROM disk, events WHERE venue = 'Old Mill'`,
  `${SLOW} SELECT count(*) FROM disk, users WHERE email LIKE 'user1%'`,
];
const FAST_QUERIES = [`SELECT name FROM users WHERE id = 42`, `SELECT title FROM events WHERE id = 7`];
const CALLS = 11;

/** Runs slow queries as an application does, and fast ones beside them. To be called at each start, for queries pass. */
export async function runQueries(url: string): Promise<void> {
  await Promise.all(
    [...SLOW_QUERIES, ...FAST_QUERIES].map((query) => execute(url, ...new Array<string>(CALLS).fill(query))),
  );
}

export interface Held {
  release(): Promise<void>;
}

/**
 * Lets a migration wait for hours behind a forgotten console.
 *
 * While it waits it keeps vacuum and concurrent reindex of its database from their work, so give it one of its own.
 */
export async function blockMigration(url: string): Promise<Held> {
  await execute(url, 'CREATE TABLE IF NOT EXISTS legacy_import (id int)');
  const console = await connect(url, 'forgotten-import');
  await console.query('BEGIN');
  await console.query('SELECT FROM legacy_import');
  const migration = await connect(url, 'migration');
  await migration.query('BEGIN');
  const waiting = migration.query('LOCK TABLE legacy_import IN ACCESS EXCLUSIVE MODE');
  return {
    release: async () => {
      await console.end();
      await Promise.allSettled([waiting]);
      await migration.end();
    },
  };
}

/** What the check of ages finds where a prepared transaction was forgotten, given `holderAgeAbove: 0.001%`. */
export function forgottenFindings(target: string): readonly string[] {
  return [`postgres-check-wraparound horizon-held ${target}`];
}

const TRANSACTIONS_SINCE = 2_200;

/** Leaves a prepared transaction behind, as a coordinator does that crashed, and lets some thousand others pass. */
export async function forgetPrepared(url: string): Promise<void> {
  const [found] = await execute(url, `SELECT FROM pg_prepared_xacts WHERE gid = 'ledger-import'`);
  if (found?.rowCount === 0) {
    await execute(
      url,
      'CREATE TABLE IF NOT EXISTS ledger (id int)',
      'BEGIN',
      'INSERT INTO ledger VALUES (1)',
      `PREPARE TRANSACTION 'ledger-import'`,
    );
  }
  await execute(url, ...new Array<string>(TRANSACTIONS_SINCE).fill('SELECT pg_current_xact_id()'));
}

/** Takes every session that the role `reporting` may have, and one of the five of `billing`. */
export async function holdConnections(server: PostgresServer, database: string): Promise<Held> {
  const password = randomBytes(18).toString('base64url');
  const clients: pg.Client[] = [];
  for (const [name, limit, sessions] of [
    ['reporting', 2, 2],
    ['billing', 5, 1],
  ] as const) {
    // As often as the demo starts: the role may be there, with a password that nobody knows any more.
    await execute(
      server.url(),
      `DO $$ BEGIN CREATE ROLE ${name}; EXCEPTION WHEN duplicate_object THEN END $$`,
      `ALTER ROLE ${name} LOGIN PASSWORD '${password}' CONNECTION LIMIT ${limit}`,
    );
    while (clients.filter(({ user }) => user === name).length < sessions) {
      clients.push(await connect(server.url(database, { name, password }), `${name}-worker`));
    }
  }
  return {
    release: async () => {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}

async function connect(url: string, application: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: application });
  // Whoever ends the session ends it; that is what a demo shows.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
