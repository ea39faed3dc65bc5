import { App, CfnElement, CfnResource, type Stack, Token } from 'aws-cdk-lib';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Entry, ResolvedPlatform } from '../../core/platform.ts';
import type { Task } from '../../core/task.ts';
import type { Catalogue } from '../../lambdas/catalogue.ts';
import { STEP_TIMEOUTS } from '../../state-machines/procedure.ts';
import { PlatformStack } from '../stacks/platform-stack.ts';
import { EXAMPLE_TARGETS, examplePlatform } from './example-platform.ts';

/** Stands for every bundle: what a role may do does not depend on the code. */
const SOME_FOLDER = dirname(fileURLToPath(import.meta.url));

/** The stack of the example platform, which has every kind of target and every task, a schedule, an alarm and a network. */
export function exampleStack(catalogue: Catalogue): PlatformStack {
  const outdir = mkdtempSync(join(tmpdir(), 'fettle-docs-'));
  try {
    const app = new App({ analyticsReporting: false, outdir, context: { 'aws:cdk:disable-asset-staging': true } });
    const bundles = new Map([...Object.keys(STEP_TIMEOUTS), ...catalogue.keys()].map((name) => [name, SOME_FOLDER]));
    return new PlatformStack(app, { platform: platformWith(catalogue), catalogue, bundles });
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

function platformWith(catalogue: Catalogue): ResolvedPlatform {
  const tasks = [...catalogue.values()].map(({ task }) => task).sort((a, b) => (a.name < b.name ? -1 : 1));
  const daily = {
    name: 'daily',
    schedule: 'cron(0 2 * * ? *)',
    alarms: ['orchard-latency'],
    timezone: 'UTC',
    budgetSeconds: 1_800,
    planOnly: false,
    steps: tasks.map((task, place) => entryOf(task, place + 1)),
  };
  return {
    ...examplePlatform(),
    network: { vpc: 'vpc-orchard', subnets: ['subnet-orchard'], securityGroups: ['sg-orchard'] },
    procedures: { daily },
  };
}

function entryOf({ name, target, effect, pauses, timeoutSeconds }: Task, index: number): Entry {
  const targets = Object.keys(EXAMPLE_TARGETS[target]);
  return { index, task: name, kind: target, effect, pauses, input: {}, targets, required: false, timeoutSeconds };
}

/** What the page calls the resources whose names are made at deployment, by type. */
const KINDS: Readonly<Record<string, string>> = {
  'AWS::S3::Bucket': 'bucket',
  'AWS::SNS::Topic': 'topic',
  'AWS::SQS::Queue': 'dead-letter queue',
  'AWS::Logs::LogGroup': 'log group',
  'AWS::Lambda::Function': 'function',
  'AWS::StepFunctions::StateMachine': 'state machine',
  'AWS::Events::Rule': 'rule',
  'AWS::IAM::Role': 'role',
};
/** Of these a stack has several, which their names tell apart. */
const NAMED = ['AWS::Lambda::Function', 'AWS::StepFunctions::StateMachine', 'AWS::Events::Rule'];

/** Writes what tokens stand for as `<bucket>/runs/*` or `<function fettle-orchard-prod-tick>`. */
export class PlaceholderText {
  readonly #stack: Stack;
  readonly #names = new Map<string, string>();

  constructor(stack: Stack) {
    this.#stack = stack;
    for (const node of stack.node.findAll()) {
      if (!(node instanceof CfnElement)) continue;
      const logicalId = String(stack.resolve(node.logicalId));
      this.#names.set(logicalId, node instanceof CfnResource ? this.#nameOf(node) : logicalId);
    }
  }

  /** A text, an ARN with tokens in it, or a value of a condition. */
  of(value: unknown): string {
    return this.#text(this.#stack.resolve(value));
  }

  #nameOf(resource: CfnResource): string {
    const kind = KINDS[resource.cfnResourceType] ?? resource.cfnResourceType;
    if (!NAMED.includes(resource.cfnResourceType)) return `<${kind}>`;
    const { functionName, stateMachineName, name } = resource as unknown as Record<string, unknown>;
    const known = functionName ?? stateMachineName ?? name;
    return known === undefined || Token.isUnresolved(known) ? `<${kind}>` : `<${kind} ${String(known)}>`;
  }

  #text(resolved: unknown): string {
    if (typeof resolved === 'string' || typeof resolved === 'number') return String(resolved);
    if (Array.isArray(resolved)) return resolved.map((one) => this.#text(one)).join(', ');
    const [[name, value] = ['', undefined]] = Object.entries(resolved as Record<string, unknown>);
    if (name === 'Ref')
      return value === 'AWS::Partition' ? 'aws' : (this.#names.get(String(value)) ?? `<${String(value)}>`);
    if (name === 'Fn::GetAtt') {
      const [logicalId = ''] = value as readonly string[];
      return this.#names.get(logicalId) ?? `<${logicalId}>`;
    }
    if (name !== 'Fn::Join') throw new Error(`${name} in the ARN of a permission`);
    const [separator, parts] = value as readonly [string, readonly unknown[]];
    return parts.map((part) => this.#text(part)).join(separator);
  }
}
