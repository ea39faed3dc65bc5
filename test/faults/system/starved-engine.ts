/*
 * An engine that has no file descriptor left: it tries to run a handler and prints what became of it.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, writeSync } from 'node:fs';
import { messageOf } from '../../../core/errors.ts';
import { invoke } from '../../../lib/local/invoke.ts';

function invokeNothing(): Promise<unknown> {
  return invoke({
    bundle: '/nowhere',
    event: {},
    timeoutSeconds: 10,
    environment: {},
    folder: '/',
    signal: new AbortController().signal,
    onLog: () => undefined,
  });
}

async function outcome(): Promise<string> {
  try {
    return `answered ${JSON.stringify(await invokeNothing())}`;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

const limit = readdirSync('/proc/self/fd').length + 20;
execFileSync('/usr/bin/prlimit', ['--pid', String(process.pid), `--nofile=${limit}`]);
const opened: number[] = [];
for (let full = false; !full;) {
  try {
    opened.push(openSync('/dev/null', 'r'));
  } catch (thrown) {
    full = messageOf(thrown).includes('EMFILE');
  }
}
writeSync(1, `${await outcome()}\n`);
for (const descriptor of opened) closeSync(descriptor);
writeSync(1, `${await outcome()}\n`);
