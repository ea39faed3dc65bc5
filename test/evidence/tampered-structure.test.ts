import { beforeAll, describe, expect, test } from '@jest/globals';
import { cp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../core/json.ts';
import { DirectoryStore } from '../../lambdas/runtime/directory-store.ts';
import { Link, linkKey, Manifest } from '../../lambdas/runtime/evidence.ts';
import { asText } from '../../lambdas/runtime/records.ts';
import { verificationText } from '../../lib/evidence/verification-text.ts';
import type { VerifyOptions } from '../../lib/evidence/verify-runs.ts';
import { secondsLater, temporaryStore } from '../harness/run-records.ts';
import { DAY_SECONDS, endedRuns, filesOf, flawTexts, overwrite, run, verified } from './_ended-runs.ts';

let base: string;
let runs: readonly string[];

beforeAll(async () => {
  const store = await temporaryStore();
  runs = (await endedRuns(store)).map((begun) => begun.run.key);
  base = store.location;
});

const runAt = (place: number) => runs[place - 1] ?? '';

/** A copy of the ended runs, and what a verification of it says. */
async function copied() {
  const { location: folder } = await temporaryStore();
  await cp(base, folder, { recursive: true });
  const text = (key: string) => readFile(join(folder, key), 'utf8');
  const write = (key: string, body: string) => overwrite(folder, key, body);
  return {
    folder,
    text,
    write,
    remove: (key: string) => rm(join(folder, key), { recursive: true }),
    move: (from: string, to: string) => rename(join(folder, from), join(folder, to)),
    swap: async (one: string, other: string) => {
      const [first, second] = [await text(one), await text(other)];
      await write(one, second);
      await write(other, first);
    },
    verified: (options: Partial<VerifyOptions> = {}) =>
      verified(new DirectoryStore(folder, { onlyReads: true }), options),
    /** Writes the manifest of a run anew, with the hashes of what its folder has now. */
    reseal: async (runKey: string) => {
      const key = `${runKey}/manifest.json`;
      const files = await filesOf(join(folder, runKey));
      const records = [...files]
        .filter(([name]) => name !== 'manifest.json')
        .map(([name, body]) => ({ key: `${runKey}/${name}`, sha256: sha256(body) }))
        .sort((a, b) => (a.key < b.key ? -1 : 1));
      await write(key, asText({ ...Manifest.parse(JSON.parse(await text(key))), records }));
    },
    /** Writes a link anew, for the manifest and for the link before as they are now. */
    relink: async (n: number) => {
      const link = Link.parse(JSON.parse(await text(linkKey(n))));
      const manifestSha256 = sha256(await text(`${link.runKey}/manifest.json`));
      const previousSha256 = n === 1 ? '' : sha256(await text(linkKey(n - 1)));
      await write(linkKey(n), asText({ ...link, manifestSha256, previousSha256 }));
    },
  };
}

describe('records within a run', () => {
  test('two that changed places are both named', async () => {
    const store = await copied();
    await store.swap(`${runAt(1)}/started.json`, `${runAt(1)}/profile.json`);
    const said = flawTexts(await store.verified());
    expect(said).toContain(`altered ${runAt(1)}/started.json`);
    expect(said).toContain(`altered ${runAt(1)}/profile.json`);
  });

  test('one that was renamed is missing under its name and added under the other', async () => {
    const store = await copied();
    await store.move(`${runAt(1)}/started.json`, `${runAt(1)}/started.old.json`);
    const said = flawTexts(await store.verified());
    expect(said).toContain(`missing ${runAt(1)}/started.json`);
    expect(said).toContain(`added ${runAt(1)}/started.old.json`);
  });

  test('a run that has the records of another one is not proven', async () => {
    const store = await copied();
    await store.remove(runAt(1));
    await cp(join(base, runAt(2)), join(store.folder, runAt(1)), { recursive: true });
    expect(flawTexts(await store.verified())).toContain(`altered ${runAt(1)}/manifest.json`);
  });

  test('a run that was copied under another id has no link', async () => {
    const store = await copied();
    await cp(join(base, runAt(1)), join(store.folder, `${runAt(1)}-2`), { recursive: true });
    expect(flawTexts(await store.verified())).toContain(`unlinked ${runAt(1)}-2/manifest.json`);
  });
});

describe('a run that is sealed anew, with all hashes right', () => {
  async function resealed(place: number, links: readonly number[]) {
    const store = await copied();
    const key = `${runAt(place)}/started.json`;
    await store.write(key, (await store.text(key)).replace('"schedule"', '"alarm"'));
    await store.reseal(runAt(place));
    for (const n of links) await store.relink(n);
    return store;
  }

  test('differs from what its link binds', async () => {
    const store = await resealed(2, []);
    const { flaws } = await store.verified();
    expect(flaws[0]).toMatchObject({ kind: 'altered', key: `${runAt(2)}/manifest.json`, link: 2 });
    expect(flaws[0]?.expected).not.toBe(flaws[0]?.found);
  });

  test('and bound by a link that was written anew differs from what the next link binds', async () => {
    const store = await resealed(2, [2]);
    expect((await store.verified()).flaws[0]).toMatchObject({ kind: 'broken-chain', key: linkKey(2), link: 2 });
  });

  test('and bound by links that were all written anew no longer gives the report that it had', async () => {
    const store = await resealed(2, [2, 3, 4, 5]);
    expect((await store.verified()).flaws[0]).toMatchObject({ kind: 'not-derived', key: `${runAt(2)}/report.json` });
  });
});

describe('links', () => {
  test('that changed places are named', async () => {
    const store = await copied();
    await store.swap(linkKey(2), linkKey(3));
    const said = flawTexts(await store.verified());
    expect(said).toContain(`${linkKey(2)} calls itself link 3`);
    expect(said).toContain(`${linkKey(3)} calls itself link 2`);
  });

  test('that changed places and numbers do not bind each other', async () => {
    const store = await copied();
    for (const n of [2, 3]) {
      const other = Link.parse(JSON.parse(await readFile(join(base, linkKey(5 - n)), 'utf8')));
      await store.write(linkKey(n), asText({ ...other, n }));
    }
    expect((await store.verified()).flaws[0]).toMatchObject({ kind: 'broken-chain', key: linkKey(1) });
  });

  test('that are missing within the chain are counted', async () => {
    const store = await copied();
    await store.remove(linkKey(2));
    await store.remove(linkKey(3));
    const said = flawTexts(await store.verified());
    expect(said).toContain(`missing ${linkKey(2)}: links 2 to 3 are missing, and link 4 is there`);
    expect(said).toContain(`unlinked ${runAt(2)}/manifest.json`);
  });

  test('cannot be two for one run', async () => {
    const store = await copied();
    const link = Link.parse(JSON.parse(await store.text(linkKey(5))));
    await store.write(linkKey(6), asText({ ...link, n: 6, previousSha256: sha256(asText(link)) }));
    await store.write('index/chain.json', asText({ n: 6 }));
    expect((await store.verified()).flaws).toMatchObject([{ kind: 'linked-twice', key: linkKey(6), link: 6 }]);
  });
});

describe('the newest run, removed', () => {
  /** What knows of the run, in the order in which somebody thorough removes it. */
  const REMOVALS: readonly (readonly [string, (store: Awaited<ReturnType<typeof copied>>) => Promise<unknown>])[] = [
    ['its folder', async (store) => store.remove(runAt(5))],
    ['its link', async (store) => store.remove(linkKey(5))],
    ['the end of the chain', async (store) => store.write('index/chain.json', asText({ n: 4 }))],
    ['the copy of its day', async (store) => store.remove('maintenance/daily/20261124.json')],
    ['the roll-ups', async (store) => copyOf(store, 'index')],
    ['the pointer of its execution', async (store) => store.remove('state/executions/five.json')],
  ];

  /** The roll-ups as they were before the newest run ended, taken from a store without it. */
  async function copyOf({ folder }: { readonly folder: string }, name: string): Promise<void> {
    const shorter = await temporaryStore();
    await endedRuns(shorter, 4);
    await rm(join(folder, name), { recursive: true });
    await cp(join(shorter.location, name), join(folder, name), { recursive: true });
  }

  test.each([1, 2, 3, 4, 5])('is noticed when the first %d of its six traces are gone', async (gone) => {
    const store = await copied();
    for (const [, remove] of REMOVALS.slice(0, gone)) await remove(store);
    const verification = await store.verified();
    expect(verification.isProven).toBe(false);
    expect(flawTexts(verification)).toContain(runAt(5));
  });

  test('is missing from the chain where its link is left', async () => {
    const store = await copied();
    await store.remove(runAt(2));
    expect((await store.verified()).flaws[0]).toMatchObject({ kind: 'missing', key: runAt(2), link: 2 });
  });

  test('with every trace leaves a store that looks whole, says so, and does not hold against a note', async () => {
    const { end } = await (await copied()).verified();
    const store = await copied();
    for (const [, remove] of REMOVALS) await remove(store);
    const verification = await store.verified();
    expect(verification).toMatchObject({ isProven: true, flaws: [] });
    expect(verificationText(verification)).toContain('cut off its newest links, leaves it looking whole');
    const { flaws, isProven } = await store.verified({ anchor: end });
    expect(isProven).toBe(false);
    expect(flaws).toMatchObject([{ kind: 'cut-off', key: linkKey(5), link: 5 }]);
  });

  test('is noticed also where its pointer says that it is still open', async () => {
    const store = await copied();
    await store.remove(linkKey(5));
    const id = runAt(5).split('/').at(-1) ?? '';
    await store.write(`state/open/${id}.json`, asText({ runKey: runAt(5), execution: 'five' }));
    expect((await store.verified()).flaws[0]).toMatchObject({ kind: 'cut-off', key: linkKey(5) });
  });
});

test('a store that was written anew from the beginning does not hold against a note of the old one', async () => {
  const { end } = await (await copied()).verified();
  const forged = await temporaryStore();
  await endedRuns(forged, 4);
  await run(forged, { execution: 'six', at: secondsLater(5 * DAY_SECONDS) });
  expect(await verified(forged)).toMatchObject({ isProven: true });
  const { flaws } = await verified(forged, { anchor: end });
  expect(flaws).toMatchObject([{ kind: 'other-chain', key: linkKey(5), expected: end.sha256 }]);
});

test('evidence that was given a history on the disk is named: two readers could see two contents', async () => {
  const store = await copied();
  const key = `${runAt(1)}/report.html`;
  const body = await store.text(key);
  await store.write(key, 'all is well');
  await store.write(`${runAt(1)}/.versions/report.html/body-1-ab`, body);
  await store.write(`${runAt(1)}/.versions/report.html/current-1-ab`, '');
  expect(flawTexts(await store.verified())).toContain(`altered ${key}`);
});
