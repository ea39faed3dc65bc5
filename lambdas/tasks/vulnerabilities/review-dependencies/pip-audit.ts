import * as z from 'zod';
import { shellWord } from '../../../runtime/shell-word.ts';
import { shaped, type Gap, type Scan } from '../_report.ts';
import { joined, type Vulnerability } from '../_vulnerability.ts';

const Text = z.string();
const Skipped = z.looseObject({ name: Text, skip_reason: Text });
const Audited = z.looseObject({
  name: Text,
  version: Text,
  vulns: z.array(
    z.looseObject({
      id: Text,
      fix_versions: z.array(Text),
      aliases: z.array(Text).optional(),
      description: Text.nullish(),
    }),
  ),
});
const PipAudit = z.looseObject({ dependencies: z.array(z.union([Skipped, Audited])) });

/** True where JSON is what `pip-audit -f json` writes. */
export function isPipAudit(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'dependencies' in value && Array.isArray(value.dependencies);
}

/**
 * Reads the report of a `pip-audit`; throws `Flaw` where it is none.
 *
 * It ends well and says that there are no known vulnerabilities also where it could not look at a single dependency.
 */
export function readPipAudit(value: unknown): Pick<Scan, 'vulnerabilities' | 'gaps' | 'packages'> {
  const { dependencies } = shaped(PipAudit, value, 'pip-audit');
  const skipped = dependencies.filter((one) => isSkipped(one));
  const gaps = skipped.map(({ name, skip_reason: reason }): Gap => {
    return { kind: 'not-scanned', about: name, summary: `${name} was not looked at: ${reason}` };
  });
  if (dependencies.length === 0)
    gaps.push({ kind: 'not-scanned', summary: 'pip-audit found no dependency to look at' });
  const found = dependencies.flatMap((one): Vulnerability[] => {
    if (isSkipped(one)) return [];
    return one.vulns.map(({ id, aliases = [], fix_versions: fixes, description }): Vulnerability => {
      // The first is the nearest: they come in the order of the versions.
      const [fixedIn] = fixes;
      return {
        id: aliases.find((alias) => alias.startsWith('CVE-')) ?? id,
        aliases: [id, ...aliases],
        package: one.name,
        versions: [one.version],
        ...(fixedIn !== undefined && {
          fixedIn,
          command: `python -m pip install --upgrade ${shellWord(`${one.name}==${fixedIn}`)}`,
        }),
        ...(description && { title: description.split('\n')[0] ?? '' }),
        places: [],
      };
    });
  });
  return { vulnerabilities: joined(found), gaps, packages: dependencies.length - skipped.length };
}

function isSkipped(one: z.output<typeof PipAudit>['dependencies'][number]): one is z.output<typeof Skipped> {
  return 'skip_reason' in one && typeof one['skip_reason'] === 'string';
}
