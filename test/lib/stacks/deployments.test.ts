import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadCatalogue, type Catalogue } from '../../../lambdas/catalogue.ts';
import { findDeployments } from '../../../lib/stacks/deployments.ts';
import { NOW } from './synthesized.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const TWO_ENVIRONMENTS = `platform: two
environments:
  prod:
    account: '111122223333'
    region: eu-west-1
    targets: { endpoints: { api: { url: https://api.example.com } } }
  here:
    targets: { endpoints: { api: { url: https://127.0.0.1 } } }
procedures:
  daily: { tasks: [certificates-check-endpoints] }
`;

const ON_ONE_MACHINE = `platform: tied
environments:
  prod:
    account: '111122223333'
    region: eu-west-1
    targets:
      backups: { database: { url: file:///var/backups } }
      endpoints: { api: { url: env:API } }
procedures:
  daily: { tasks: [certificates-check-endpoints] }
`;

let folder: string;
let catalogue: Catalogue;

beforeAll(async () => {
  catalogue = await loadCatalogue();
  folder = await mkdtemp(join(tmpdir(), 'fettle-deployments-'));
  await writeFile(join(folder, 'two.yaml'), TWO_ENVIRONMENTS);
});

afterAll(() => rm(folder, { recursive: true }));

describe('which environments are deployed', () => {
  test('all with an account, of all platforms of the folder', async () => {
    const found = await findDeployments({ catalogue, now: NOW, platformsFolder: folder });

    expect(found).toMatchObject({ deployments: [{ platform: 'two', environment: 'prod' }], notes: [] });
  });

  test.each`
    choice                                      | problem
    ${{ platform: 'two', environment: 'here' }} | ${'two: no environment here with an account'}
    ${{ platform: 'two', environment: 'pord' }} | ${'did you mean "prod"?'}
    ${{ platform: 'tow' }}                      | ${'did you mean "two"?'}
    ${{ environment: 'staging' }}               | ${'no environment staging with an account'}
  `('$choice is refused', async ({ choice, problem }) => {
    const found = await findDeployments({ catalogue, now: NOW, platformsFolder: folder, ...(choice as object) });

    expect(found).toEqual({ problems: [expect.stringContaining(String(problem))] });
  });
});

test('notes say what nothing acts on', async () => {
  const file = join(folder, 'noted.yml.yaml');
  const weekly = 'weekly: { tasks: [certificates-check-endpoints], schedule: cron(0 3 ? * SUN *) }';
  const manual = 'manual: { tasks: [certificates-check-endpoints] }';
  await writeFile(
    file,
    `${TWO_ENVIRONMENTS.split('procedures:')[0]}procedures:\n  ${weekly}\n  ${manual}\npeople: { team: [a] }\n`,
  );

  const found = await findDeployments({ catalogue, now: NOW, platform: file });
  await rm(file);

  expect(found).toMatchObject({
    notes: [expect.stringContaining('people is checked and nothing acts on it yet')],
  });
});

describe('bin/app.ts', () => {
  test('says every reason why a profile cannot be deployed, one a line, without a stack trace, and makes nothing', async () => {
    const file = join(folder, 'tied.yml.yaml');
    await writeFile(file, ON_ONE_MACHINE);

    const { code, stderr } = await runApp({ platform: file });
    await rm(file);

    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringContaining('environments.prod.targets.endpoints.api.url: is kept on one machine'),
      expect.stringContaining('environments.prod.targets.backups.database.url: is a folder of one machine'),
    ]);
  });
});

function runApp(context: object): Promise<{ readonly code: number; readonly stderr: string }> {
  const env = { PATH: process.env['PATH'], CDK_CONTEXT_JSON: JSON.stringify(context) };
  const args = [join(ROOT, 'bin', 'app.ts')];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT, env, timeout: 50_000 }, (error, _stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stderr });
    });
  });
}
