import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadCatalogue } from '../../../../lambdas/catalogue.ts';
import type { Task } from '../../../../core/task.ts';
import { needsOf } from '../../../harness/needs-of.ts';
import { performTask } from '../../../harness/perform-task.ts';

let server: Server;
let called = 0;
let tasks: Task[] = [];
beforeAll(async () => {
  server = createServer((socket) => {
    called += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  tasks = [...(await loadCatalogue()).values()].map(({ task }) => task).filter(({ target }) => target === 'postgres');
});
afterAll(() => void server.close());

const urlTo = (host: string) => `postgres://app:secret@${host}:${(server.address() as AddressInfo).port}/main`;

test('no task of this domain calls an address that the profile does not allow, nor does looking at its needs', async () => {
  expect(tasks.length).toBeGreaterThan(5);
  for (const host of ['127.0.0.1', 'localhost']) {
    const targets = { main: { url: urlTo(host) } };
    for (const task of tasks) {
      const { result } = await performTask({ task, targets, allowAddresses: ['10.0.0.0/8'] });
      expect([task.name, result]).toEqual([
        task.name,
        expect.objectContaining({
          findings: [
            expect.objectContaining({
              kind: 'not-readable',
              summary: expect.stringMatching(/127\.0\.0\.1 .*is a loopback address that allowAddresses does not cover/),
            }),
          ],
        }),
      ]);
      const [need] = await needsOf({ task, targets, allowAddresses: ['10.0.0.0/8'] });
      expect(need).toMatchObject({ need: 'be allowed by allowAddresses', state: 'missing' });
      expect(need?.grant).toMatch(/^allowAddresses: \[10\.0\.0\.0\/8, .*127\.0\.0\.1\/32/);
    }
  }
  expect(called).toBe(0);
});

test('the same tasks call an address that is allowed', async () => {
  for (const task of tasks) {
    const before = called;
    await performTask({ task, targets: { main: { url: urlTo('127.0.0.1') } }, allowAddresses: ['127.0.0.1/32'] });
    expect([task.name, called > before]).toEqual([task.name, true]);
  }
});
