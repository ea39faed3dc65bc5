import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { task } from '../../../../lambdas/tasks/postgres/check-wraparound.ts';
import { inWords, needCalled, needsOf } from '../../../harness/needs-of.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { openSession } from './_database.ts';
import { ask, give, type NeedsServer, ROLE, startNeedsServer, unmet } from './_needs.ts';

let server: NeedsServer;
beforeAll(async () => {
  server = await startNeedsServer();
});
afterAll(() => server.end());

test("the ages are everyone's to read, and what holds them only after the grant; the check then sees all", async () => {
  const { admin, url } = await server.database();
  const other = await openSession(admin, 'BEGIN', 'SELECT pg_current_xact_id()');
  const before = await ask(task, url);

  expect(unmet(before)).toMatchObject([
    { need: 'see all sessions', state: 'missing', grant: `GRANT pg_monitor TO "${ROLE}";` },
  ]);
  const hidden = await resultOf({ task, targets: { main: { url } } });
  expect(hidden.findings.map(({ kind }) => kind)).toEqual(['holders-hidden']);

  await give(admin, before, 'see all sessions');
  const after = await ask(task, url);
  expect(inWords(after)).toEqual([
    'met be reached',
    'met log in',
    'met answer queries',
    'met be the server itself',
    'met see all sessions',
    'met read the freeze ages',
  ]);
  expect(needCalled(after, 'read the freeze ages').detail).toMatch(/^those of \d+ databases were read$/);
  const shown = await resultOf({ task, targets: { main: { url } } });
  await other.end();
  expect(shown.findings).toEqual([]);
  expect(server.changes()).toMatchObject({ changing: [] });
});

test('a server that is gone is unknown with the reason', async () => {
  const needs = await needsOf({ task, targets: { gone: { url: 'postgres://u@127.0.0.1:1/d' } } });

  expect(needs).toMatchObject([
    { need: 'be reached', state: 'unknown', detail: expect.stringContaining('ECONNREFUSED') },
  ]);
});
