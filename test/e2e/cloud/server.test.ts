import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CloudFormationClient, CreateStackCommand, waitUntilStackCreateComplete } from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import { until } from '../executions.ts';
import { cloudEnvironment } from './environment.ts';
import { errorCode } from '../error-code.ts';
import { withCloud } from './pair.ts';
import { ACCOUNT, OVERLAY, startCloud, type Cloud } from './server.ts';

const SAYS_ITS_SURROUNDINGS = `exports.handler = async () => ({
  node: process.version, names: Object.keys(process.env), home: process.env.HOME,
});`;

const TEMPLATE = {
  Resources: {
    Says: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        ...{ FunctionName: 'says', Runtime: 'nodejs24.x', Handler: 'index.handler' },
        Role: `arn:aws:iam::${ACCOUNT}:role/any`,
        Code: { ZipFile: SAYS_ITS_SURROUNDINGS },
      },
    },
  },
};

/** True while any process of the group is there. */
function isThere(processGroup: number): boolean {
  try {
    process.kill(-processGroup, 0);
    return true;
  } catch (thrown) {
    if (errorCode(thrown) === 'ESRCH') return false;
    throw thrown;
  }
}

withCloud('the test cloud', () => {
  let python: string;
  let cloud: Cloud;

  beforeAll(async () => {
    const environment = await cloudEnvironment();
    python = 'python' in environment ? environment.python : '';
    process.env['FETTLE_E2E_OF_A_PERSON'] = 'a secret';
    cloud = await startCloud({ python, name: 'server' });
    delete process.env['FETTLE_E2E_OF_A_PERSON'];
  });
  afterAll(() => cloud.stop());

  test('listens on the loopback and on no other address of the machine', async () => {
    const { port } = new URL(cloud.endpoint);
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
      .map(({ address }) => address);
    const answers = others.map(async (host) => {
      const socket = connect({ host, port: Number(port) });
      try {
        await once(socket, 'connect');
        return `${host} answers`;
      } catch (thrown) {
        return errorCode(thrown);
      } finally {
        socket.destroy();
      }
    });

    expect(await Promise.all(answers)).toEqual(others.map(() => 'ECONNREFUSED'));
    expect((await fetch(`${cloud.endpoint}/_ministack/ready`)).ok).toBe(true);
  });

  test('gives its functions Node.js 24 and nothing of the surroundings of whoever started it', async () => {
    const formation = new CloudFormationClient({ ...cloud.client, ...awsClientSettings() });
    await formation.send(new CreateStackCommand({ StackName: 'made', TemplateBody: JSON.stringify(TEMPLATE) }));
    await waitUntilStackCreateComplete({ client: formation, maxWaitTime: 60, minDelay: 1 }, { StackName: 'made' });
    const lambda = new LambdaClient({ ...cloud.client, ...awsClientSettings() });

    const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: 'says' }));

    const { node, names, home } = JSON.parse(Payload?.transformToString() ?? '') as Record<string, string | string[]>;
    expect(node).toMatch(/^v24\./);
    expect(names).toContain('AWS_ENDPOINT_URL');
    expect(names).not.toContain('FETTLE_E2E_OF_A_PERSON');
    expect(home).toBe(join(cloud.folder, 'home'));
  });

  test('leaves no process and no folder when it is stopped', async () => {
    const stopped = await startCloud({ python, name: 'stopped' });
    expect(isThere(stopped.processGroup)).toBe(true);

    await stopped.stop();

    await until('a process is still there', 10, () =>
      Promise.resolve(isThere(stopped.processGroup) ? undefined : true),
    );
    await expect(access(stopped.folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('ends when whoever started it was killed', async () => {
    const script = fileURLToPath(new URL('./abandoned.ts', import.meta.url));
    const starter = spawn(process.execPath, [script], {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(starter.stdout, 'data')) as [Buffer];
    const { processGroup, folder } = JSON.parse(line.toString()) as { processGroup: number; folder: string };
    expect(isThere(processGroup)).toBe(true);

    starter.kill('SIGKILL');

    await until('a process is still there', 10, () => Promise.resolve(isThere(processGroup) ? undefined : true));
    await rm(folder, { recursive: true });
  });

  test('does not start on another version than the overlay was written for', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fettle-version-'));
    await mkdir(join(folder, 'ministack-9.9.9.dist-info'));
    await writeFile(join(folder, 'ministack-9.9.9.dist-info', 'METADATA'), 'Name: ministack\nVersion: 9.9.9\n');

    const { status, stderr } = spawnSync(python, [OVERLAY], {
      env: { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
      encoding: 'utf8',
    });
    await rm(folder, { recursive: true });

    expect(stderr).toContain('the overlay was written for ministack 1.5.33, found 9.9.9');
    expect(status).toBe(1);
  });
});
