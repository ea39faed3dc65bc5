import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { defineTask, pause } from '../../core/task.ts';
import { STAND_IN } from '../harness/stand-in.ts';

export const ENDINGS = [
  'throws',
  'rejects unseen',
  'throws in a callback',
  'rejects with the secret itself',
  'exits',
  'is killed',
  'hangs',
  'pauses',
  'fails to act',
  'acts and dies',
  'finds',
  'talks nonsense',
] as const;

/** Says its secret in everything that a task can say, and ends in every way in which a task can end. */
export const task = defineTask({
  ...STAND_IN,
  name: 'test-leaking',
  summary: 'Stands for a task that repeats its secret wherever it can',
  effect: 'mutating',
  input: z.strictObject({ ending: z.enum(ENDINGS).default('finds').describe('How it ends') }),
  cap: () => ({ absolute: 1, percent: 100 }),
  pauses: true,
  attaches: true,
  documentKey: () => 'leaks/leaking.json',
  documentPages: (document) => ({ html: JSON.stringify(document), markdown: JSON.stringify(document) }),
  baseline: { version: 1, schema: z.record(z.string(), z.string()) },
  run: async ({ targets, input: { ending }, act, resume }) => {
    const [main] = targets;
    const secret = main?.url.reveal() ?? '';
    const password = decodeURIComponent(new URL(secret).password);
    const error = new Error(`cannot log in to ${secret}`, { cause: new Error(`${password} is wrong`) });
    const action = {
      verb: 'append',
      target: 'one',
      subject: password,
      summary: `append with ${password}`,
      statement: `APPEND '${password}' TO ${secret}`,
      before: { [password]: secret },
      scope: { planned: 1, population: 1 },
      idempotent: true as const,
    };
    if (ending === 'throws') throw error;
    if (ending === 'rejects with the secret itself') return Promise.reject(secret as unknown as Error);
    if (ending === 'rejects unseen') void Promise.reject(error);
    if (ending === 'throws in a callback') {
      setTimeout(() => {
        throw error;
      }, 1);
    }
    if (ending === 'rejects unseen' || ending === 'throws in a callback') await sleep(1_000);
    if (ending === 'exits') process.exit(3);
    if (ending === 'is killed') process.kill(process.pid, 'SIGKILL');
    if (ending === 'hangs') for (;;) void targets;
    if (ending === 'fails to act') await act(action, () => Promise.reject(error));
    if (ending === 'acts and dies') {
      await act(action, () => {
        process.kill(process.pid, 'SIGKILL');
        return Promise.resolve({ state: 'done' });
      });
    }
    const said = {
      kind: 'broken' as const,
      target: 'one',
      subject: password,
      summary: `${secret} is broken`,
      command: `echo ${password}`,
    };
    const measurement = {
      name: `size of ${password}`,
      value: 1,
      unit: 'count' as const,
      target: 'one',
      subject: secret,
    };
    if (ending === 'pauses' && resume === undefined) {
      const soFar = { findings: [said], measurements: [measurement] };
      return pause({ seconds: 1, cursor: { at: secret, [password]: [password] }, soFar });
    }
    if (ending === 'talks nonsense') return { findings: [{ ...said, target: secret }], measurements: [] };
    return {
      findings: [said],
      measurements: [measurement],
      baseline: { [password]: secret },
      document: { [password]: secret },
      attachments: { 'session.log': `${secret}\n${Buffer.from(`app:${password}`).toString('base64')}` },
    };
  },
});
