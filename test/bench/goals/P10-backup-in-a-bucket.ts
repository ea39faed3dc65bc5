import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BUNDLE_OPTIONS } from '../../../lib/bundle.ts';
import { type Benchmark, inTurns } from '../benchmark.ts';
import { startProcess } from '../child.ts';
import { gate } from '../gate.ts';
import { perform, shell, temporaryFolder } from '../programs.ts';
import { sized } from '../size.ts';
import { gateDamages, gateVerified, verify, writeDump } from './_dump.ts';

const MOST_MIB = 256;
const BUCKET = 'backups';
const KEY = 'full/shop.sql.gz';
const URL_OF_PREFIX = `s3://${BUCKET}/full/`;
const PIPELINE = 'curl --fail --silent "$1" | tee >(sha256sum >&2) | gunzip -c';

export const benchmark: Benchmark = {
  goal: 'P10',
  what: 'verifying a backup in a bucket, and the memory that it takes',
  needs: ['curl', 'gunzip', 'sha256sum'],
  run: async (say) => {
    await using folder = await temporaryFolder();
    say('writing a dump with 300 MB of rows …');
    const dump = await writeDump(folder.path);
    await using bucket = await startProcess('_bucket-process.ts', dump.file, BUCKET, KEY);
    const endpoint = String(bucket.ready);
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
    const address = `${endpoint}/${BUCKET}/${KEY}`;
    const { stdout, stderr } = await shell(`${PIPELINE} | wc -c`, address);
    gate(Number(stdout) === dump.plainBytes, `gunzip gives ${stdout.trim()} bytes, ${dump.plainBytes} were written`);
    gateVerified(await verify(URL_OF_PREFIX), dump, stderr.slice(0, 64));
    await gateDamages(dump, URL_OF_PREFIX, () => bucket.ask('put'));
    await bucket.ask('put');

    const turns = await inTurns({
      sides: { ours: () => verify(URL_OF_PREFIX), theirs: () => shell(`${PIPELINE} > /dev/null`, address) },
    });
    const what = `backups-verify of a .sql.gz with ${Math.round(dump.rowsBytes / 1_000_000)} MB of rows in a bucket`;
    const memory = await mostMemory(join(folder.path, 'verify.cjs'));
    return [
      {
        ...{ goal: 'P10a', what, peer: '`curl | tee >(sha256sum) | gunzip -c`', ...turns, hold: 0.5, better: 'less' },
        because:
          'inflating by zlib alone takes most of it, as in a folder, and the client hands the object on in pieces',
      },
      {
        ...{ goal: 'P10b', what: `the most memory of its process (${what})`, peer: 'the limit' },
        ...{ ours: memory.mostMiB, theirs: MOST_MIB, unit: 'MiB', hold: 1, better: 'less', pairs: memory.times },
      },
    ];
  },
};

/** From a bundle, as a function has it: a loader of TypeScript would count as memory of the task. */
async function mostMemory(outfile: string): Promise<{ readonly mostMiB: number; readonly times: number }> {
  const worker = fileURLToPath(new URL('./_verify-process.ts', import.meta.url));
  await build({ ...BUNDLE_OPTIONS, entryPoints: [worker], outfile });
  const seen: number[] = [];
  for (let time = 0; time < sized(3, 1); time += 1) {
    const { stdout } = await perform(process.execPath, outfile, URL_OF_PREFIX);
    const { kinds, mostMiB } = JSON.parse(stdout) as { kinds: readonly string[]; mostMiB: number };
    gate(kinds.includes('verified'), `in a process of its own it was not verified: ${kinds.join(', ')}`);
    seen.push(mostMiB);
  }
  return { mostMiB: Math.max(...seen), times: seen.length };
}
