import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import * as z from 'zod';
import type { Json } from '../../../core/json.ts';
import { loadCatalogue } from '../../../lambdas/catalogue.ts';
import { ROOT } from './_handlers.ts';

const Entry = z.union([z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))]);
type Entry = z.infer<typeof Entry>;
const Group = z.strictObject({ parallel: z.array(Entry) });
const Profile = z.looseObject({
  procedures: z.looseObject({ daily: z.looseObject({ tasks: z.array(z.union([Group, Entry])) }) }),
});

export type Targets = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>;

export interface DayProfile {
  readonly file: string;
  /** The tasks that it has. */
  readonly tasks: readonly string[];
  /** The tasks of EventChain's day for which there is no target. */
  readonly leftOut: readonly string[];
}

/** Writes EventChain's daily procedure for other targets; `inputs` by task go before its own. */
export async function writeDayProfile(
  folder: string,
  targets: Targets,
  inputs: Readonly<Record<string, Readonly<Record<string, Json>>>>,
): Promise<DayProfile> {
  const text = await readFile(join(ROOT, 'platforms', 'eventchain.yaml'), 'utf8');
  const { tasks } = Profile.parse(parse(text)).procedures.daily;
  const catalogue = await loadCatalogue();
  const kept: string[] = [];
  const leftOut: string[] = [];

  function adapted(entry: Entry): Entry[] {
    const [name = '', own = {}] = typeof entry === 'string' ? [entry] : (Object.entries(entry)[0] ?? []);
    const kind = catalogue.get(name)?.task.target;
    if (kind === undefined || !(kind in targets)) {
      leftOut.push(name);
      return [];
    }
    kept.push(name);
    return [{ [name]: { ...own, ...inputs[name], ...namedFrom(Object.keys(targets[kind] ?? {}), own['targets']) } }];
  }

  const steps = tasks.flatMap((step): (Entry | z.infer<typeof Group>)[] => {
    const group = Group.safeParse(step);
    if (!group.success) return adapted(Entry.parse(step));
    const parallel = group.data.parallel.flatMap(adapted);
    return parallel.length > 1 ? [{ parallel }] : parallel;
  });
  const file = join(folder, 'day.yaml');
  await writeFile(
    file,
    stringify({ platform: 'day', targets, procedures: { daily: { budget: '30m', tasks: steps } } }),
  );
  return { file, tasks: kept, leftOut };
}

/** An entry that names targets gets the same, or as many others where they are not there. */
function namedFrom(present: readonly string[], named: unknown): { readonly targets?: readonly string[] } {
  if (!Array.isArray(named)) return {};
  const isThere = named.every((name) => present.includes(String(name)));
  return { targets: isThere ? named.map(String) : present.slice(0, named.length) };
}
