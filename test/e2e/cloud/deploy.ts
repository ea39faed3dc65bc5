import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { ACCOUNT, REGION, type Cloud } from './server.ts';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const CDK = join(createRequire(import.meta.url).resolve('aws-cdk/package.json'), '..', 'bin', 'cdk');
const CDK_MILLISECONDS = 240_000;

/** How a command of the CDK ended. */
export interface CdkAnswer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a deployed stack tells: the name of its bucket, the ARNs of its topic and its machines. */
export type StackOutputs = Readonly<Record<string, string>>;

const Outputs = z.record(z.string(), z.record(z.string(), z.string()));

/** Prepares the account for the CDK, once for all of its stacks. */
export async function bootstrap(cloud: Cloud): Promise<void> {
  const own = ['--output', join(cloud.folder, 'bootstrap.out')];
  await expectSuccess(cdk(cloud, ['bootstrap', `aws://${ACCOUNT}/${REGION}`, ...own], 'bootstrap'));
}

/** Deploys the platforms of a profile, by its file; answers the outputs by stack. */
export async function deploy(cloud: Cloud, profile: string): Promise<Readonly<Record<string, StackOutputs>>> {
  const name = nameOf(profile);
  const outputs = join(cloud.folder, `${name}-outputs.json`);
  const asked = ['--all', '--require-approval', 'never', '--outputs-file', outputs];
  await expectSuccess(cdkOn(cloud, profile, ['deploy', ...asked]));
  return Outputs.parse(JSON.parse(await readFile(outputs, 'utf8')));
}

/** What a deployment would change: the answer's code is 1 where it would change anything. */
export function diff(cloud: Cloud, profile: string): Promise<CdkAnswer> {
  return cdkOn(cloud, profile, ['diff', '--all', '--fail']);
}

/** Removes the stacks of a profile. */
export async function destroy(cloud: Cloud, profile: string): Promise<void> {
  await expectSuccess(cdkOn(cloud, profile, ['destroy', '--all', '--force']));
}

/** Where the template and the assets of a profile's last synthesis are. */
export function assemblyFolder(cloud: Cloud, profile: string): string {
  return join(cloud.folder, `${nameOf(profile)}.out`);
}

function nameOf(profile: string): string {
  return profile.replace(/^.*\//, '').replace(/\.yaml$/, '');
}

function cdkOn(cloud: Cloud, profile: string, words: readonly string[]): Promise<CdkAnswer> {
  // Of its own: two commands of the CDK cannot use one folder at the same time.
  const own = ['--output', assemblyFolder(cloud, profile), '--context', `platform=${profile}`];
  return cdk(cloud, [...words, ...own], nameOf(profile));
}

/** Runs the real command of the CDK with nothing of the person's own settings; what it says is kept in the logs. */
async function cdk(cloud: Cloud, words: readonly string[], name: string): Promise<CdkAnswer> {
  await mkdir(cloud.logFolder, { recursive: true });
  const log = createWriteStream(join(cloud.logFolder, `${cloud.name}-cdk-${name}.log`), { flags: 'a' });
  log.write(`$ cdk ${words.join(' ')}\n`);
  const child = spawn(process.execPath, [CDK, ...words, '--no-color', '--no-notices'], {
    cwd: REPOSITORY,
    env: { ...cloud.environment, CI: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: CDK_MILLISECONDS,
    killSignal: 'SIGKILL',
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      log.write(text);
    });
  }
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once('error', reject);
  child.once('close', (code) => {
    resolve(code ?? -1);
  });
  try {
    return { code: await promise, ...said };
  } finally {
    log.end();
  }
}

async function expectSuccess(answer: Promise<CdkAnswer>): Promise<void> {
  const { code, stdout, stderr } = await answer;
  if (code !== 0) throw new Error(`cdk ended with ${code}:\n${`${stdout}\n${stderr}`.slice(-6_000)}`);
}
