import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cost } from '../../lib/deployed/cost.ts';
import { fettleCommand, fettleWith } from '../harness/fettle-command.ts';

const TARGETS = 'targets: { endpoints: { web: { url: https://shop.example } } }';
const PROFILE = `platform: shop
environments:
  prod: { account: '111122223333', region: eu-west-1, ${TARGETS} }
  here: { ${TARGETS} }
procedures:
  daily: { schedule: cron(0 2 * * ? *), tasks: [certificates-check-endpoints] }
`;
let folder: string;
let profile: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fettle-deployed-'));
  profile = join(folder, 'shop.yaml');
  await writeFile(profile, PROFILE);
  await writeFile(join(folder, 'dear.json'), '{ "alarm": 1000 }');
  await writeFile(join(folder, 'wrong.json'), '{ "alrm": 1 }');
  await mkdir(join(folder, 'store'));
});
afterAll(() => rm(folder, { recursive: true }));

const fettle = (...words: readonly string[]) => fettleCommand(...words, '--platform', profile);

describe('what is wrong before AWS is asked anything', () => {
  test.each([
    [
      ['start', 'daily', '--env', 'here'],
      'shop here has no account, so it is deployed nowhere',
      'CLI_NOTHING_TO_DEPLOY',
    ],
    [['logs', '--env', 'here'], 'shop here has no account', 'CLI_NOTHING_TO_DEPLOY'],
    [['cost', '--env', 'here'], 'shop here has no account', 'CLI_NOTHING_TO_DEPLOY'],
    [['start', 'dayly', '--env', 'prod'], 'did you mean "daily"?', 'CLI_UNKNOWN_PROCEDURE'],
    [
      ['start', 'daily', '--env', 'prod', '--override', 'window'],
      '--override window needs --reason',
      'CLI_REASON_REQUIRED',
    ],
    [['logs', '--env', 'prod', '--since', 'tomorrow'], '"tomorrow" is no time in the past', 'CLI_OPTION_VALUE'],
    [['logs', 'daily-1', '--env', 'prod', '--since', '1h'], 'name a run or a time, and not both', 'CLI_ARGUMENT'],
  ])('%j', async (words, says, code) => {
    const answer = await fettle(...words);
    expect(answer.stderr.split('\n')[0]).toContain(says);
    expect(answer.stderr.split('\n')[0]).toContain(`[${code}]`);
    expect(answer.code).toBe(2);
  });
});

describe('fettle cost', () => {
  test('needs no credentials, and says what it takes for granted and what it leaves out', async () => {
    const { code, stdout } = await fettle('cost', '--env', 'prod');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^shop prod: \d+\.\d\d USD a month at the prices of us-east-1, \d{4}-\d\d-\d\d\n/);
    expect(stdout).toMatch(
      /Step Functions, StateTransition +[\d.]+ transition +\(30\.4 runs of daily × 5 transitions\)/,
    );
    expect(stdout).toContain('\nassumed\n  each task takes 10 s');
    expect(stdout).toContain('\nnot counted\n  free tiers');
  });

  test('takes other prices from a file, and no price that there is not', async () => {
    const { stdout } = await fettle('cost', '--env', 'prod', '--prices', join(folder, 'dear.json'), '--json');
    const { lines, monthlyUsd } = JSON.parse(stdout) as Cost;
    expect(lines[0]).toMatchObject({ name: 'alarm', usd: 1_000 });
    expect(monthlyUsd).toBeGreaterThan(3_000);
    const wrong = await fettle('cost', '--env', 'prod', '--prices', join(folder, 'wrong.json'));
    expect(wrong.stderr).toContain('there is no price "alrm"; did you mean "alarm"? [CLI_OPTION_VALUE]');
    const absent = await fettle('cost', '--env', 'prod', '--prices', join(folder, 'absent.json'));
    expect(absent.stderr).toContain('absent.json cannot be read: it is not there');
  });

  test('says that nothing was measured where no run has ended', async () => {
    const { stdout } = await fettle('cost', '--env', 'prod', '--measured', '--store', join(folder, 'store'));
    expect(stdout).toContain('\nassumed\n  each task takes 10 s');
  });
});

test('a bucket that is named is read in the region of its environment', async () => {
  const signedFor: string[] = [];
  const server = createServer(({ headers: { authorization = '' } }, answer) => {
    signedFor.push(/Credential=[^/]+\/\d+\/([^/]+)\//.exec(authorization)?.[1] ?? '');
    answer.writeHead(404, { 'content-type': 'application/xml' }).end('<Error><Code>NoSuchKey</Code></Error>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const aws = {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: 'AKIAFETTLE',
    AWS_SECRET_ACCESS_KEY: 'of-a-test',
    // As of somebody who has neither a variable nor a configuration with a region.
    AWS_REGION: '',
    AWS_DEFAULT_REGION: '',
    HOME: folder,
  };
  const { stderr } = await fettleWith(aws, 'runs', '--env', 'prod', '--platform', profile, '--store', 's3://evidence');
  server.close();
  expect(stderr).not.toContain('Region is missing');
  expect(new Set(signedFor)).toEqual(new Set(['eu-west-1']));
});
