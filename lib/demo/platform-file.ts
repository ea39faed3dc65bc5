import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import * as z from 'zod';
import type { TargetKind } from '../../core/target-kinds.ts';
import { loadCatalogue } from '../../lambdas/catalogue.ts';

const WHOLE = fileURLToPath(new URL('../../platforms/demo.yaml', import.meta.url));
// Where the addresses are, as the whole profile says it and as one beside them does.
const FROM_PLATFORMS = 'file:../.fettle/demo/';
const FROM_HERE = 'file:';

const TaskName = z.union([z.string(), z.record(z.string(), z.unknown())]);
const Step = z.union([z.strictObject({ parallel: z.array(TaskName) }), TaskName]);
const Profile = z.looseObject({
  targets: z.record(z.string(), z.unknown()),
  procedures: z.record(z.string(), z.looseObject({ tasks: z.array(Step) })),
});

/**
 * The profile that the demo runs: the one of the repository, or, where this machine lacks a server, one without those
 * targets and their tasks, written into the folder of the demo.
 */
export async function demoPlatformFile(folder: string, missing: readonly TargetKind[]): Promise<string> {
  if (missing.length === 0) return WHOLE;
  const text = (await readFile(WHOLE, 'utf8')).replaceAll(FROM_PLATFORMS, FROM_HERE);
  const profile = Profile.parse(parse(text));
  const catalogue = await loadCatalogue();
  const stays = (task: z.infer<typeof TaskName>) => {
    const [name = ''] = typeof task === 'string' ? [task] : Object.keys(task);
    const kind = catalogue.get(name)?.task.target;
    return kind === undefined || !missing.includes(kind);
  };
  const kinds: readonly string[] = missing;
  profile.targets = Object.fromEntries(Object.entries(profile.targets).filter(([kind]) => !kinds.includes(kind)));
  for (const procedure of Object.values(profile.procedures)) {
    procedure.tasks = procedure.tasks.flatMap((step): z.infer<typeof Step>[] => {
      if (typeof step === 'string' || !Array.isArray(step['parallel']))
        return stays(step as z.infer<typeof TaskName>) ? [step] : [];
      const parallel = step['parallel'].filter(stays);
      return parallel.length > 1 ? [{ parallel }] : parallel;
    });
  }
  const file = join(folder, 'platform.yaml');
  await writeFile(file, stringify(profile));
  return file;
}
