import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runKeys } from '../../lambdas/runtime/run-keys.ts';
import { performRun } from '../local/perform-run.ts';
import { openWorkspace } from '../local/workspace.ts';
import { documentFolders, latestDocument } from '../review-documents.ts';
import { ACCOUNT_FINDINGS, startDemoAccount } from './account/account.ts';
import type { Demo, DemoOptions } from './demo.ts';
import { differenceFrom } from './planted.ts';

const PLATFORM = fileURLToPath(new URL('../../platforms/reviews.yaml', import.meta.url));
/** Of nobody: the account is made up. */
const KEY = { id: 'AKIADEMO', secret: 'of-no-account' } as const;
const FOLDER = resolve('.fettle', 'reviews');

/** Makes up an account with planted cases on this machine and runs the three reviews on it. */
export async function runReviewsDemo({ fresh, signal, onProgress, say }: DemoOptions): Promise<Demo> {
  const now = new Date();
  await mkdir(FOLDER, { recursive: true });
  if (fresh) await rm(join(FOLDER, 'local'), { recursive: true, force: true });
  say('making up an account with planted cases …');
  const account = await startDemoAccount(now);
  try {
    await pointAwsAt(account.endpoint);
    const workspace = await openWorkspace({ platform: PLATFORM, now });
    const onReaped = (keys: readonly string[]) => {
      for (const key of keys) say(`${key} had been left open and was ended`);
    };
    const input = { trigger: 'person', mode: 'execute', reason: 'demo' };
    const result = await performRun({ workspace, procedure: 'reviews', input, signal, onProgress, onReaped });
    const planted = { findings: ACCOUNT_FINDINGS, actions: [], plantedAnew: false };
    const folders = documentFolders(workspace.platform, workspace.catalogue);
    const pages = await Promise.all(
      [...folders.values()].map(async ({ folder }) => (await latestDocument(workspace.store, folder))?.key),
    );
    return {
      result,
      difference: differenceFrom(result.report, [planted], [], { withInfo: true }),
      pages: [runKeys(result.runKey).page, ...pages.flatMap((key) => (key === undefined ? [] : [`${key}.html`]))].map(
        (key) => join(FOLDER, 'local', key),
      ),
      again: `AWS_ENDPOINT_URL=${account.endpoint} AWS_ACCESS_KEY_ID=${KEY.id} AWS_SECRET_ACCESS_KEY=${KEY.secret} npx fettle run reviews --platform platforms/reviews.yaml`,
      places: { account: account.endpoint },
      hints: [],
      stop: account.stop,
    };
  } catch (thrown) {
    await account.stop();
    throw thrown;
  }
}

/** Points every AWS client of this process and its children at the account, and keeps them from any real one. */
async function pointAwsAt(endpoint: string): Promise<void> {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name);
  const nothing = join(FOLDER, 'aws-config');
  await writeFile(nothing, '');
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: KEY.id,
    AWS_SECRET_ACCESS_KEY: KEY.secret,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: nothing,
    AWS_SHARED_CREDENTIALS_FILE: nothing,
  });
}
