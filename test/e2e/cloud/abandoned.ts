import { cloudEnvironment } from './environment.ts';
import { startCloud } from './server.ts';

// Starts a cloud, says where it is, and never stops it: for the test that kills this process.
const environment = await cloudEnvironment();
if ('missing' in environment) throw new Error(environment.missing);
const { endpoint, processGroup, folder } = await startCloud({ python: environment.python, name: 'abandoned' });
process.stdout.write(`${JSON.stringify({ endpoint, processGroup, folder })}\n`);
setInterval(() => undefined, 60_000);
