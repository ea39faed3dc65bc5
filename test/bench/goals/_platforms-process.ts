/** Synthesizes platforms alike in one app, and prints by their number the seconds that it takes. */
import { writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import type { ResolvedPlatform } from '../../../core/platform.ts';
import { loadCatalogue } from '../../../lambdas/catalogue.ts';
import { addDeployments } from '../../../lib/stacks/add-deployments.ts';
import { findDeployments } from '../../../lib/stacks/deployments.ts';

const catalogue = await loadCatalogue();
const found = await findDeployments({ catalogue, now: new Date(), platform: 'eventchain' });
if ('problems' in found) throw new Error(found.problems.join('\n'));
const [platform] = found.deployments;
if (!platform) throw new Error('eventchain has no environment to deploy');

// The first is for what is loaded only once.
const counts = ['1', ...process.argv.slice(2)].map(Number);
const seconds = [];
for (const count of counts) seconds.push({ count, seconds: await synthesize(platform, count) });
writeSync(1, JSON.stringify(seconds.slice(1)));

async function synthesize(one: ResolvedPlatform, count: number): Promise<number> {
  const outdir = await mkdtemp(join(tmpdir(), 'fettle-bench-'));
  const deployments = Array.from({ length: count }, (_, place) => ({ ...one, platform: `bench-${place}` }));
  const start = performance.now();
  const app = new App({ outdir, analyticsReporting: false });
  const stacks = await addDeployments(app, { deployments, catalogue });
  const assembly = app.synth();
  const taken = (performance.now() - start) / 1_000;
  if (stacks.length !== count || assembly.stacks.length !== count) throw new Error(`not ${count} stacks`);
  await rm(outdir, { recursive: true });
  return taken;
}
