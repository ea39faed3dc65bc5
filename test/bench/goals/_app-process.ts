/**
 * An app of one stack with a function for each handler, built and synthesized by a process of its own.
 *
 * Reads its `AppRequest` from the first argument and writes an `AppAnswer` to its standard output.
 */
import { readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Architecture, type CfnFunction, Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { bundleHandlers } from '../../../lib/bundle.ts';
import { ROOT } from './_handlers.ts';

export interface AppRequest {
  readonly build: 'ours' | 'nodejs-function';
  readonly tasks: readonly (readonly [string, string])[];
  readonly entries: readonly (readonly [string, string])[];
  readonly outdir: string;
}

export interface AppAnswer {
  /** By handler the folder of its asset. */
  readonly assets: Readonly<Record<string, string>>;
  /** By handler the folder of its bundle in the cache of the build; none by `NodejsFunction`. */
  readonly bundles: Readonly<Record<string, string>>;
}

const COMMON = {
  runtime: Runtime.NODEJS_24_X,
  architecture: Architecture.ARM_64,
  memorySize: 512,
  timeout: Duration.seconds(300),
};

const { build, tasks, entries, outdir } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as AppRequest;
const app = new App({ outdir, analyticsReporting: false, context: { 'aws:cdk:enable-asset-metadata': true } });
const stack = new Stack(app, 'Bench');
const bundles = build === 'ours' ? await bundleHandlers(new Map(tasks)) : new Map<string, string>();
const functions = entries.map(([name, entry]) => [name, functionOf(name, entry)] as const);
app.synth();
const assets = functions.map(([name, handler]) => {
  const { metadata } = (handler.node.defaultChild as CfnFunction).cfnOptions;
  return [name, join(outdir, String(metadata?.['aws:asset:path']))];
});
const answer: AppAnswer = { assets: Object.fromEntries(assets), bundles: Object.fromEntries(bundles) };
writeSync(1, JSON.stringify(answer));

function functionOf(name: string, entry: string): Function {
  if (build === 'ours') {
    const code = Code.fromAsset(bundles.get(name) ?? '');
    return new Function(stack, name, { ...COMMON, code, handler: 'index.handler' });
  }
  return new NodejsFunction(stack, name, {
    ...COMMON,
    entry,
    projectRoot: ROOT,
    depsLockFilePath: join(ROOT, 'package-lock.json'),
    bundling: { minify: true, externalModules: ['pg-native'] },
  });
}
