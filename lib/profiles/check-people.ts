import { mappingEntries } from './environments.ts';
import { nearestWord } from './nearest-word.ts';
import { foundText, type Complaint, type Path } from './problem.ts';
import type { ProfileSettings } from './schema.ts';

/** Known although a profile may not have them yet: notice and approval can be settled before the procedure is. */
const CUSTOMARY = ['daily', 'weekly', 'monthly', 'quarterly'];

/** What is wrong among the sections about people: procedures and groups that do not exist, groups too small. */
export function checkPeople(profile: ProfileSettings, isSound: (path: Path) => boolean): Complaint[] {
  const complaints: Complaint[] = [];
  const procedures = [...new Set([...mappingEntries(profile.procedures).map(([name]) => name), ...CUSTOMARY])];
  for (const section of ['notice', 'approval'] as const) {
    if (!isSound([section])) continue;
    for (const name of Object.keys(profile[section] ?? {})) {
      if (procedures.includes(name)) continue;
      const place = { path: [section, name], at: 'key', found: name, allowed: procedures } as const;
      const message = 'there is no such procedure';
      complaints.push({ ...place, code: 'CFG_UNKNOWN_PROCEDURE', message, ...near(name, procedures) });
    }
  }
  if (!isSound(['people'])) return complaints;

  const groups = new Map(Object.entries(profile.people ?? {}));
  if (isSound(['approval'])) {
    for (const [procedure, { approvers, required = 1 }] of Object.entries(profile.approval ?? {})) {
      const path = ['approval', procedure, 'approvers'];
      const members = new Set(groups.get(approvers) ?? []).size;
      if (members === 0) {
        const message = 'this group has nobody in it; list its members under people';
        const allowed = [...groups].filter(([, people]) => people.length > 0).map(([name]) => name);
        complaints.push({
          code: 'CFG_APPROVERS_EMPTY',
          path,
          message,
          found: foundText(approvers),
          allowed,
          ...near(approvers, allowed),
        });
      } else if (members < required) {
        const message = `needs ${required} approvals of a group of ${members}`;
        complaints.push({ code: 'CFG_FOUR_EYES_IMPOSSIBLE', path: ['approval', procedure], message });
      }
    }
  }
  if (isSound(['escalation'])) {
    for (const [place, { to }] of (profile.escalation ?? []).entries()) {
      if (groups.has(to)) continue;
      const allowed = [...groups.keys()];
      const path = ['escalation', place, 'to'];
      complaints.push({
        code: 'CFG_VALUE',
        path,
        message: 'no such group under people',
        found: foundText(to),
        allowed,
        ...near(to, allowed),
      });
    }
  }
  return complaints;
}

function near(word: string, candidates: readonly string[]): { readonly nearest?: string } {
  const nearest = nearestWord(word, candidates);
  return nearest === undefined ? {} : { nearest };
}
