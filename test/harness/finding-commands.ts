import type { Finding } from '../../core/finding.ts';

// `…`, `...`, `<name>`, `{{name}}` and `$NAME` stand for what a person would have to find out first.
const PLACEHOLDER = /…|\.{3}|<[a-z][^<>]*>|\{\{|\$\{?[A-Z_]{2,}/i;

/** What keeps the commands of findings from being pasted as they are; none where all is well. */
export function commandProblems(findings: readonly Pick<Finding, 'kind' | 'command'>[]): string[] {
  return findings.flatMap(({ kind, command }) => {
    if (command === undefined) return [];
    if (command.trim() === '') return [`the command of ${kind} is empty`];
    if (PLACEHOLDER.test(command)) return [`the command of ${kind} has a placeholder: ${command}`];
    // What a person reads must be what the terminal gets; a report shows a line break as a blank.
    if (/\p{C}/u.test(command)) return [`the command of ${kind} has control characters: ${JSON.stringify(command)}`];
    return [];
  });
}
