import { loadCatalogue } from '../../lambdas/catalogue.ts';
import { problemText } from '../../lib/profiles/problem.ts';
import { readProfile } from '../../lib/profiles/read.ts';

// Reads the profiles that are its arguments and writes a line of JSON for each: what is said, and the CPU time that
// this process spent on it. It is started with little memory.
const catalogue = await loadCatalogue();
for (const file of process.argv.slice(2)) {
  const before = process.cpuUsage();
  const read = await readProfile(file, { catalogue, now: new Date('2026-11-21T00:00:00Z') });
  const { user, system } = process.cpuUsage(before);
  const lines = 'problems' in read ? read.problems.slice(0, 3).map(problemText) : ['nothing'];
  process.stdout.write(`${JSON.stringify({ file, lines, cpuSeconds: (user + system) / 1e6 })}\n`);
}
