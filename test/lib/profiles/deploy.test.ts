import { expect, test } from '@jest/globals';
import { deployProblems } from '../../../lib/profiles/deploy.ts';
import { resolvePlatform } from '../../../lib/profiles/resolve.ts';
import { FAKE_CATALOGUE } from './catalogue.ts';
import { profileOf } from './written.ts';

const TARGETS = `
      postgres: { main: { url: env:DB, ca: "file:ca.pem" } }
      kubernetes: { cluster: { kubeconfig: "file:kubeconfig" } }
      backups: { nightly: { url: file:///var/backups/ } }
`;
const PROCEDURES = 'procedures: { daily: { tasks: [postgres-vacuum] } }\n';

async function problemsOf(settings: string, targets: string): Promise<readonly string[]> {
  const text = `platform: shop\nenvironments:\n  prod:\n${settings}    targets:${targets}${PROCEDURES}`;
  const platform = resolvePlatform(await profileOf(text), 'prod', FAKE_CATALOGUE);
  return deployProblems(platform).map(({ text: line }) => line);
}

const DEPLOYED = '    account: "111122223333"\n    region: eu-west-1\n';

test('a deployed environment may keep nothing on one machine, and every such thing is named', async () => {
  expect(await problemsOf(DEPLOYED, TARGETS)).toEqual([
    'shop: environments.prod.targets.postgres.main.url: is kept on one machine (env:…), which a deployed environment cannot read; use secret:… [CFG_MACHINE_ONLY]',
    'shop: environments.prod.targets.postgres.main.ca: is kept on one machine (file:…), which a deployed environment cannot read; use secret:… [CFG_MACHINE_ONLY]',
    'shop: environments.prod.targets.kubernetes.cluster.kubeconfig: is kept on one machine (file:…), which a deployed environment cannot read; use secret:… [CFG_MACHINE_ONLY]',
    'shop: environments.prod.targets.backups.nightly.url: is a folder of one machine, which a deployed environment cannot read; use s3://… or another address [CFG_MACHINE_ONLY]',
  ]);
});

test('an environment without an account may keep everything on its machine', async () => {
  expect(await problemsOf('', TARGETS)).toEqual([]);
});

test('secrets, buckets and public addresses can be deployed', async () => {
  const targets = ' { postgres: { main: { url: secret:shop/db } }, backups: { nightly: { url: s3://shop/b/ } } }\n';

  expect(await problemsOf(DEPLOYED, targets)).toEqual([]);
});

test('an account or region that was not read from a profile is checked again', async () => {
  const profile = await profileOf('platform: shop\ntargets: { postgres: { main: { url: secret:shop/db } } }\n');
  const platform = resolvePlatform(profile, 'local', FAKE_CATALOGUE);

  expect(deployProblems({ ...platform, account: '1111' }).map(({ path }) => path)).toEqual([
    'environments.local.account',
    'environments.local.region',
  ]);
  expect(deployProblems({ ...platform, account: '111122223333', region: 'Ireland' }).map(({ path }) => path)).toEqual([
    'environments.local.region',
  ]);
});
