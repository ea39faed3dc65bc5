import { App } from 'aws-cdk-lib';
import { coded } from '../core/error-codes.ts';
import { InvalidInput } from '../core/errors.ts';
import { loadCatalogue } from '../lambdas/catalogue.ts';
import { addDeployments } from '../lib/stacks/add-deployments.ts';
import { findDeployments, type Deployments } from '../lib/stacks/deployments.ts';

// Synthesized only where every profile is right; CDK would do it at the end of the process in any case.
const app = new App({ autoSynth: false, analyticsReporting: false });
const catalogue = await loadCatalogue();
const found = await find();
if ('problems' in found) {
  console.error(found.problems.join('\n'));
  process.exitCode = 1;
} else {
  for (const note of found.notes) console.error(`note: ${note}`);
  await addDeployments(app, { deployments: found.deployments, catalogue });
  app.synth();
}

async function find(): Promise<Deployments> {
  try {
    return await findDeployments({
      catalogue,
      now: new Date(),
      platform: contextText('platform'),
      environment: contextText('environment'),
    });
  } catch (thrown) {
    if (thrown instanceof InvalidInput) return { problems: [coded(thrown.message, thrown.code)] };
    throw thrown;
  }
}

function contextText(name: string): string | undefined {
  const value: unknown = app.node.tryGetContext(name);
  return value === undefined || value === '' ? undefined : String(value);
}
