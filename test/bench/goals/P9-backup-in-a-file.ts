import { pathToFileURL } from 'node:url';
import { type Benchmark, inRounds } from '../benchmark.ts';
import { gate } from '../gate.ts';
import { isInstalled, shell, temporaryFolder } from '../programs.ts';
import { gateDamages, gateVerified, verify, writeDump } from './_dump.ts';

const GUNZIP = { goal: 'P9a', program: 'gunzip', hold: 0.45 };
const PIGZ = { goal: 'P9b', program: 'pigz', hold: 0.8 };

// The digest goes to stderr, so that whoever waits for the end of both outputs waits for sha256sum too.
const pipelineOf = (program: string, sink = '> /dev/null') => `tee < "$1" >(sha256sum >&2) | ${program} -dc ${sink}`;

export const benchmark: Benchmark = {
  goal: 'P9',
  what: 'verifying a backup in a folder: digest, decompression, and the script read to its last row',
  needs: ['gunzip', 'sha256sum'],
  run: async (say) => {
    await using folder = await temporaryFolder();
    say('writing a dump with 300 MB of rows …');
    const dump = await writeDump(folder.path);
    const url = `${pathToFileURL(folder.path).href}/`;
    const { stdout, stderr } = await shell(pipelineOf('gunzip', '| wc -c'), dump.file);
    gate(Number(stdout) === dump.plainBytes, `gunzip gives ${stdout.trim()} bytes, ${dump.plainBytes} were written`);
    gateVerified(await verify(url), dump, stderr.slice(0, 64));
    await gateDamages(dump, url);
    const hasPigz = await isInstalled(PIGZ.program);
    if (!hasPigz) say(`${PIGZ.goal} is left out: pigz is not installed`);

    const peers = hasPigz ? [GUNZIP, PIGZ] : [GUNZIP];
    const { pairs, seconds } = await inRounds<string>({
      sides: {
        ours: () => verify(url),
        ...Object.fromEntries(peers.map(({ goal, program }) => [goal, () => shell(pipelineOf(program), dump.file)])),
      },
    });
    return peers.map(({ goal, program, hold }) => ({
      goal,
      what: `backups-verify of a .sql.gz with ${Math.round(dump.rowsBytes / 1_000_000)} MB of rows, in the page cache`,
      peer: `\`tee >(sha256sum) | ${program} -dc\``,
      ours: seconds['ours'] ?? Number.NaN,
      theirs: seconds[goal] ?? Number.NaN,
      unit: 'seconds',
      hold,
      better: 'less',
      pairs,
      because: 'inflating by zlib alone takes four fifths of it, and the lines of the script are looked at besides',
    }));
  },
};
