/**
 * Imports the whole catalogue in a process that notes every connection, name look-up, child process and write, and
 * prints what it saw as JSON. Its argument is the root of another tree than this one.
 */
import childProcess from 'node:child_process';
import dns from 'node:dns';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { loadTask, taskEntryPoints } from '../../lambdas/catalogue.ts';

const [root] = process.argv.slice(2);
const opened: string[] = [];
let importing = 'nothing';

function watch(holder: object, name: string): void {
  const original: unknown = Reflect.get(holder, name);
  if (typeof original !== 'function') throw new Error(`there is no ${name} to watch`);
  Reflect.set(holder, name, function watched(this: unknown, ...args: unknown[]): unknown {
    opened.push(`${importing}: ${name} ${String(args[0]).slice(0, 200)}`);
    return Reflect.apply(original, this, args);
  });
}

for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork']) {
  watch(childProcess, name);
}
for (const name of ['writeFile', 'writeFileSync', 'appendFileSync', 'mkdirSync', 'createWriteStream']) watch(fs, name);
for (const name of ['lookup', 'resolve']) watch(dns, name);
watch(net.Socket.prototype, 'connect');
watch(net.Server.prototype, 'listen');
syncBuiltinESMExports();

// The standard streams open when somebody names them for the first time; that is no task's doing.
for (const stream of [process.stdout, process.stderr]) stream.write('');
const before = countOf(process.getActiveResourcesInfo());
const imported: string[] = [];
for (const [name, file] of await taskEntryPoints(root)) {
  importing = name;
  await loadTask(name, file, root);
  imported.push(name);
}
const left = [...countOf(process.getActiveResourcesInfo())]
  .filter(([kind, count]) => /Timeout|Immediate|TCP|UDP|Pipe|Process/.test(kind) && count > (before.get(kind) ?? 0))
  .map(([kind]) => kind);
// What a task left open would keep this process up, and the answer is given.
fs.writeSync(1, JSON.stringify({ imported, opened, left }));
process.exit(0);

function countOf(kinds: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
