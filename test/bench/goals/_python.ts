import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Json } from '../../../core/json.ts';
import { cloudEnvironment } from '../../e2e/cloud/environment.ts';
import { gate } from '../gate.ts';

/** Where AWS is, and as whom to ask: what every client reads from its environment. */
export type AwsEnvironment = Readonly<Record<string, string>>;

/** The environment of a client of stubs on the loopback. */
export function awsAt(endpoint: string, region: string): AwsEnvironment {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: 'AKIAFETTLE',
    AWS_SECRET_ACCESS_KEY: 'of-a-benchmark',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/** Sets these for this process, and what was there before at the end of the block. */
export function inEnvironment(variables: AwsEnvironment): Disposable {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  return {
    [Symbol.dispose]: () => {
      for (const [name, value] of before) {
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
      }
    },
  };
}

/** Gives a script of this folder its input, runs it to its end with botocore, and reads what it says. */
export async function sayOf(script: string, input: Json, aws: AwsEnvironment): Promise<unknown> {
  const environment = await cloudEnvironment();
  gate('python' in environment, 'there is no Python with botocore for the peer');
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(environment.python, [file], {
    env: { ...process.env, ...aws },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(input));
  const [answer, [code]] = await Promise.all([text(child.stdout), once(child, 'exit') as Promise<[number | null]>]);
  gate(code === 0, `${script} ended with ${code}`);
  return JSON.parse(answer);
}
