import { coded, type ErrorCode } from '../core/error-codes.ts';
import { Corrupt, InvalidInput, messageOf, Refused, Unavailable } from '../core/errors.ts';
import { redact } from '../core/secret.ts';
import { visible } from '../lambdas/report/markup.ts';
import { ownCredentials } from '../lambdas/runtime/references.ts';
import { InvalidProfile } from '../lib/profiles/invalid-profile.ts';
import type { ProfileProblem } from '../lib/profiles/problem.ts';
import { systemReason } from '../lib/system-reason.ts';
import { EXIT } from './command.ts';

/** What a command that did not do its work says of it, to people and to programs. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly problems?: readonly ProfileProblem[];
  readonly exitCode: number;
}

/** Turns anything that was thrown into words without secrets, a code and an exit code. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof InvalidInput) {
    const problems = thrown instanceof InvalidProfile ? { problems: thrown.problems } : {};
    return { code: thrown.code, message: said(thrown.message), ...problems, exitCode: EXIT.usage };
  }
  if (thrown instanceof Refused) {
    const exitCode = thrown.code === 'RUN_INTERRUPTED' ? EXIT.interrupted : EXIT.refused;
    return { code: thrown.code, message: said(messageOf(thrown)), exitCode };
  }
  // What the operating system refuses is nobody's mistake.
  const isOutside = thrown instanceof Unavailable || systemReason(thrown) !== undefined;
  const code = isOutside ? 'UNAVAILABLE' : thrown instanceof Corrupt ? 'CORRUPT' : 'UNEXPECTED';
  return { code, message: said(messageOf(thrown)), exitCode: EXIT.bad };
}

/** The failure as a person reads it. */
export function failureText({ code, message, problems }: Failure): string {
  // Every problem of a profile ends in a code of its own.
  const lines = [`fettle: ${problems ? `the profile cannot be used:\n${message}` : coded(message, code)}`];
  if (code === 'UNEXPECTED')
    lines.push('This is a mistake in Fettle. FETTLE_DEBUG=1 before the same command shows where it happened.');
  return `${lines.join('\n')}\n`;
}

/** The failure as a program reads it. */
export function failureJson({ code, message, problems }: Failure): string {
  return `${JSON.stringify({ error: { code, message, ...(problems && { problems }) } }, null, 2)}\n`;
}

/** Where it happened, for those who mend Fettle; the words of the error stand in it too. */
export function traceText(thrown: unknown): string {
  return `${thrown instanceof Error ? said(thrown.stack ?? '') : ''}\n`;
}

/** Tells on stderr of a stored record that is none, where the command can go on without it. */
export function tellCorrupt(problem: string): void {
  process.stderr.write(failureText(failureOf(new Corrupt(problem))));
}

/** An error may quote the address that it is about, or a name that would steer the terminal. */
function said(message: string): string {
  const lines = redact(message, ownCredentials()).split('\n');
  return lines.map(visible).join('\n');
}
