import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { failureJson, failureOf, failureText } from '../../bin/failure.ts';
import { Corrupt, InvalidInput, Refused, Unavailable } from '../../core/errors.ts';
import { loadCatalogue } from '../../lambdas/catalogue.ts';
import { refusalOf } from '../../lambdas/runtime/address-guard.ts';
import { DirectoryStore } from '../../lambdas/runtime/directory-store.ts';
import { openStore } from '../../lambdas/runtime/open-store.ts';
import { listPlatforms } from '../../lib/profiles/inventory.ts';
import { InvalidProfile } from '../../lib/profiles/invalid-profile.ts';
import { scaffoldTask } from '../../lib/scaffold.ts';
import { findDeployments } from '../../lib/stacks/deployments.ts';
import { REPOSITORY } from '../harness/cruise.ts';

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'fettle-failures-')));
  await writeFile(join(folder, 'shop.yml'), '');
});
afterAll(() => rm(folder, { recursive: true }));

const store = () => new DirectoryStore(join(folder, 'store'));
const scaffold = (place: string, target?: string) => scaffoldTask({ place, root: REPOSITORY, target });

/** What is thrown by, and what a person reads of it in a terminal. */
const THROWN: readonly (readonly [what: string, cause: () => unknown, says: string, exitCode: number])[] = [
  [
    'a key that leads out of the store',
    () => store().get('runs/../../etc/passwd'),
    '"runs/../../etc/passwd" cannot be a key of the store: ".." may not be a part of it [STORE_KEY_INVALID]',
    2,
  ],
  [
    'a key below another',
    async () => {
      await store().createIfAbsent('a', 'body');
      await store().createIfAbsent('a/b', 'body');
    },
    '"a/b" cannot be a key here: a part of it is already the name of an object [STORE_KEY_TAKEN]',
    2,
  ],
  [
    'a store on another machine',
    () => openStore('ftp://host/store'),
    '"ftp://host/store" is no place for a store: allowed are s3://<bucket> and file:///<absolute folder> [STORE_LOCATION]',
    2,
  ],
  [
    'a range that is none',
    () => refusalOf('10.0.0.1', ['ten']),
    'allowAddresses has "ten", which is not a range; write it as 10.0.0.0/8 [CIDR_SYNTAX]',
    2,
  ],
  [
    'a folder with a profile of another ending',
    () => listPlatforms(folder),
    '{folder}/shop.yml would not be found; call it shop.yaml [CFG_FILE_ENDING]',
    2,
  ],
  [
    'a new task without a domain',
    () => scaffold('Orders'),
    '"Orders" is no place for a task; write <domain>/<verb>-<object> in lower-case letters, digits and hyphens, such as postgres/check-orders [TASK_PLACE]',
    2,
  ],
  [
    'a new task that is there',
    () => scaffold('postgres/vacuum'),
    'lambdas/tasks/postgres/vacuum.ts exists already; choose another name or edit that file [TASK_TAKEN]',
    2,
  ],
  [
    'a new task for a misspelt kind',
    () => scaffold('shop/check-orders', 'postgress'),
    'there is no kind of target "postgress"; did you mean "postgres"? allowed: postgres, redis, kubernetes, endpoints, backups, buckets, logs, metrics, hosts, repositories, aws [TASK_TARGET]',
    2,
  ],
  [
    'an occurrence that is there',
    () => Promise.reject(new Refused('RUN_DUPLICATE', 'runs/daily/daily-1 is there already; a run happens once')),
    'runs/daily/daily-1 is there already; a run happens once [RUN_DUPLICATE]',
    3,
  ],
  [
    'a step that is called twice at once',
    () => Promise.reject(new Refused('STEP_CONCURRENT', 'vacuum a: another invocation of this step is doing it now')),
    'vacuum a: another invocation of this step is doing it now [STEP_CONCURRENT]',
    3,
  ],
  [
    'a step that comes back after the end of its run',
    () => Promise.reject(new Refused('STEP_RUN_ENDED', 'daily-1 has ended without this step; its records are sealed')),
    'daily-1 has ended without this step; its records are sealed [STEP_RUN_ENDED]',
    3,
  ],
  [
    'a bucket that does not answer',
    () => Promise.reject(new Unavailable('the bucket did not answer', { cause: new Error('reset') })),
    'the bucket did not answer: reset [UNAVAILABLE]',
    1,
  ],
  ['a record that is none', () => Promise.reject(new Corrupt('"a" is no JSON')), '"a" is no JSON [CORRUPT]', 1],
  [
    'a mistake of ours',
    () => Promise.reject(new TypeError('x is not a function')),
    'x is not a function [UNEXPECTED]\nThis is a mistake in Fettle. FETTLE_DEBUG=1 before the same command shows where it happened.',
    1,
  ],
  [
    'a thing that is no error',
    () => Promise.reject('oh'),
    'oh [UNEXPECTED]\nThis is a mistake in Fettle. FETTLE_DEBUG=1 before the same command shows where it happened.',
    1,
  ],
];

async function thrownBy(cause: () => unknown): Promise<unknown> {
  try {
    await cause();
  } catch (thrown) {
    return thrown;
  }
  throw new Error('nothing was thrown');
}

describe('what is thrown', () => {
  test.each(THROWN)(
    '%s is told in a sentence with its code and without a stack',
    async (_what, cause, says, exitCode) => {
      const failure = failureOf(await thrownBy(cause));
      expect(failureText(failure)).toBe(`fettle: ${says.replace('{folder}', folder)}\n`);
      expect(failure.exitCode).toBe(exitCode);
    },
  );

  test('an interruption before a run begins is told, and ends as a shell expects of Ctrl-C', () => {
    const failure = failureOf(new Refused('RUN_INTERRUPTED', 'interrupted before the run began; nothing was changed'));
    expect(failureText(failure)).toBe(
      'fettle: interrupted before the run began; nothing was changed [RUN_INTERRUPTED]\n',
    );
    expect(failure.exitCode).toBe(130);
  });

  test('a profile with more mistakes than anybody reads is told in a hundred lines, and in full to programs', () => {
    const problem = { code: 'CFG_TYPE', file: 'mine.yaml', line: 1, column: 1, path: 'x', message: 'wrong' } as const;
    const failure = failureOf(new InvalidProfile(Array.from({ length: 130 }, () => problem)));
    const lines = failureText(failure).trimEnd().split('\n');
    expect([lines.length, lines[1], lines.at(-1)]).toEqual([102, 'mine.yaml:1:1 x: wrong [CFG_TYPE]', 'and 30 more']);
    expect(failure.problems).toHaveLength(130);
  });

  test('holds no password and nothing that commands a terminal, for people and for programs', () => {
    const failure = failureOf(new InvalidInput('CFG_VALUE', 'postgres://app:sesame@h/db\u001b[2J\u202e'));
    for (const said of [failureText(failure), failureJson(failure)]) {
      expect(said).not.toMatch(/sesame|[^\n\P{Cc}]|\u202e/u);
      expect(said).toContain('postgres://app:[redacted]@h/db');
    }
  });
});

test('a deployment of nothing is an error with a code', async () => {
  const found = await findDeployments({
    catalogue: await loadCatalogue(),
    now: new Date('2026-11-21T00:00:00Z'),
    platform: 'demo',
  });
  expect(found).toEqual({
    problems: ['demo: no environment with an account, so there is nothing to deploy [CLI_NOTHING_TO_DEPLOY]'],
  });
});
