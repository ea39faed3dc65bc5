import { pathToFileURL } from 'node:url';
import { type Benchmark, inRounds } from '../benchmark.ts';
import { gate } from '../gate.ts';
import { perform, temporaryFolder } from '../programs.ts';
import { kindsOf, verify, withDamages, writeOpaque } from './_dump.ts';

export const benchmark: Benchmark = {
  goal: 'P11',
  what: 'the digest of a backup that cannot be opened, held against the file beside it',
  needs: ['openssl', 'sha256sum'],
  run: async () => {
    await using folder = await temporaryFolder();
    const file = await writeOpaque(folder.path);
    const url = `${pathToFileURL(folder.path).href}/`;
    await perform('bash', '-c', 'cd "$1" && sha256sum --check --quiet shop.sql.xz.sha256', 'bash', folder.path);
    await gateKind(url, 'cannot-be-opened', 'untouched');
    await withDamages(file, (damage) => gateKind(url, 'checksum-mismatch', damage));

    const { pairs, seconds } = await inRounds({
      sides: {
        ours: () => verify(url),
        openssl: () => perform('openssl', 'dgst', '-sha256', file),
        sha256sum: () => perform('sha256sum', file),
      },
    });
    const what = 'backups-verify of a 300 MiB .sql.xz with a .sha256 beside it, of which only the digest can be told';
    const because = 'one piece is read ahead of the one that is hashed, and no more';
    const common = { what, ours: seconds.ours, unit: 'seconds', better: 'less', pairs, because } as const;
    return [
      { goal: 'P11a', ...common, peer: '`openssl dgst -sha256`', theirs: seconds.openssl, hold: 1.3 },
      { goal: 'P11b', ...common, peer: '`sha256sum`', theirs: seconds.sha256sum, hold: 0.45 },
    ];
  },
};

async function gateKind(url: string, wanted: string, state: string): Promise<void> {
  const { findings } = await verify(url);
  const others = ['cannot-be-opened', 'checksum-mismatch', 'verified'].filter((kind) => kind !== wanted);
  const isRight = findings.some(({ kind }) => kind === wanted) && !findings.some(({ kind }) => others.includes(kind));
  gate(isRight, `${state}: ${wanted} is expected, and there is ${kindsOf(findings)}`);
}
