import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { codeOf } from './_log-folder.ts';

/**
 * The kernel gives a write lease on a file only where nobody else has it open: no process of any user, container or
 * memory map. It is the one proof without a gap, and Node has no call for it, so an interpreter that nearly every
 * Linux has makes the call on a descriptor that it inherits.
 *
 * - `free`: nobody else has the file open.
 * - `held`: somebody has.
 * - `no-answer`: the file system has no leases, the file is another user's, or there is no such interpreter.
 */
export type LeaseAnswer = 'free' | 'held' | 'no-answer';

/** Take it and give it back; take it until the descriptor is closed; ask whether it is still whole. */
type Step = 'try' | 'take' | 'confirm';

const [SET_LEASE, GET_LEASE] = [1024, 1025];
const [WRITE, NONE] = [1, 2];
const [FREE, HELD, NO_ANSWER] = [0, 10, 11];

const PERL = `
  my $step = shift;
  my $got = $step eq "confirm" ? fcntl(STDIN, ${GET_LEASE}, 0) : fcntl(STDIN, ${SET_LEASE}, ${WRITE});
  my $held = $!{EAGAIN} ? ${HELD} : ${NO_ANSWER};
  exit($got == ${WRITE} ? ${FREE} : ${HELD}) if $step eq "confirm" and defined $got;
  exit($held) unless $got;
  fcntl(STDIN, ${SET_LEASE}, ${NONE}) if $step eq "try";
  exit(${FREE});`;

const PYTHON = `
import fcntl, sys
step = sys.argv[1]
try:
    if step == "confirm":
        sys.exit(${FREE} if fcntl.fcntl(0, ${GET_LEASE}) == ${WRITE} else ${HELD})
    fcntl.fcntl(0, ${SET_LEASE}, ${WRITE})
    if step == "try":
        fcntl.fcntl(0, ${SET_LEASE}, ${NONE})
except BlockingIOError:
    sys.exit(${HELD})
except OSError:
    sys.exit(${NO_ANSWER})`;

const INTERPRETERS = [
  { program: 'perl', args: ['-MErrno', '-e', PERL], trial: ['-MErrno', '-e', '0'] },
  { program: 'python3', args: ['-c', PYTHON], trial: ['-c', 'import fcntl, sys'] },
] as const;

const LONGEST_MILLISECONDS = 10_000;

/** Asks the kernel about the file behind a handle, which must be the only one that this process has of it. */
export async function askForLease(handle: FileHandle, step: Step): Promise<LeaseAnswer> {
  for (const { program, args } of INTERPRETERS) {
    const code = await exitCodeOf(program, [...args, step], handle.fd);
    // The signal that ends the helper is the kernel's word that somebody opens the file this very moment.
    if (code === HELD || code === 'signal') return 'held';
    if (code === FREE) return 'free';
    if (code === NO_ANSWER) return 'no-answer';
  }
  return 'no-answer';
}

/** The first interpreter that can make the call; a name in PATH behind which nothing works is none. */
export async function leaseProgram(): Promise<string | undefined> {
  for (const { program, trial } of INTERPRETERS) {
    if ((await exitCodeOf(program, trial, 'ignore')) === 0) return program;
  }
  return undefined;
}

async function exitCodeOf(
  program: string,
  args: readonly string[],
  input: number | 'ignore',
): Promise<number | 'signal' | 'absent'> {
  // The time limit of `spawn` itself goes on where there is no such program, and keeps the process from ending.
  const signal = AbortSignal.timeout(LONGEST_MILLISECONDS);
  const child = spawn(program, args, { stdio: [input, 'ignore', 'ignore'], signal });
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 'signal';
  } catch (thrown) {
    if (['ENOENT', 'EACCES'].includes(codeOf(thrown) ?? '')) return 'absent';
    if (signal.aborted) return 'signal';
    throw thrown;
  }
}
