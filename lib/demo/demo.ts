import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import * as z from 'zod';
import { runKeys } from '../../lambdas/runtime/run-keys.ts';
import { performRun, type RunResult } from '../local/perform-run.ts';
import type { Progress } from '../local/run-locally.ts';
import { openWorkspace } from '../local/workspace.ts';
import { demoPlatformFile } from './platform-file.ts';
import { differenceFrom, type Difference, mendedBy } from './planted.ts';
import { startServers } from './servers.ts';

export interface DemoOptions {
  /** Plants everything again, also what an earlier demo mended. */
  readonly fresh: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly say: (text: string) => void;
}

export interface Demo {
  readonly result: RunResult;
  readonly difference: Difference;
  /** The files of the pages. */
  readonly pages: readonly string[];
  /** The command that runs it once more while its servers are up. */
  readonly again: string;
  /** What is where, for a person who wants to break something by hand. */
  readonly places: Readonly<Record<string, string>>;
  /** Shell commands that break something, each with what a run then says. */
  readonly hints: readonly string[];
  stop(): Promise<void>;
}

const FOLDER = resolve('.fettle', 'demo');
const MENDED = join(FOLDER, 'mended.json');

/** Starts real servers with planted problems and runs EventChain's daily procedure on them. */
export async function runDemo({ fresh, signal, onProgress, say }: DemoOptions): Promise<Demo> {
  const now = new Date();
  await mkdir(FOLDER, { recursive: true });
  if (fresh) await rm(join(FOLDER, 'local'), { recursive: true, force: true });
  say('starting the servers and planting problems …');
  const servers = await startServers({ folder: FOLDER, fresh, now, say });
  try {
    const mended = await readMended();
    const platform = await demoPlatformFile(FOLDER, servers.missing);
    const workspace = await openWorkspace({ platform, now });
    const onReaped = (keys: readonly string[]) => {
      for (const key of keys) say(`${key} had been left open and was ended`);
    };
    const input = { trigger: 'person', mode: 'execute', reason: 'demo' };
    const result = await performRun({ workspace, procedure: 'daily', input, signal, onProgress, onReaped });
    const undone = servers.parts.filter(({ plantedAnew }) => plantedAnew).flatMap(({ actions }) => actions);
    const lasting = mended.filter((action) => !undone.includes(action));
    await writeFile(MENDED, JSON.stringify([...new Set([...lasting, ...mendedBy(result.report)])], null, 2));
    const page = join(FOLDER, 'local', runKeys(result.runKey).page);
    return {
      result,
      difference: differenceFrom(result.report, servers.parts, mended),
      pages: [page],
      again: `npx fettle run daily --platform ${relative('.', platform)}`,
      places: Object.assign({}, ...servers.parts.map(({ places }) => places)) as Record<string, string>,
      hints: servers.parts.flatMap(({ hints }) => hints),
      stop: servers.stop,
    };
  } catch (thrown) {
    await servers.stop();
    throw thrown;
  }
}

async function readMended(): Promise<string[]> {
  try {
    return z.array(z.string()).parse(JSON.parse(await readFile(MENDED, 'utf8')));
  } catch (thrown) {
    // A demo that was stopped before its end has mended nothing that is known.
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
    throw thrown;
  }
}
