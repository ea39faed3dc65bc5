import { InvalidInput } from '../../core/errors.ts';
import { problemText, type ProfileProblem } from './problem.ts';

/** Nobody reads on; what a person mends first is at the top. */
const MOST_LINES = 100;

/** A profile with something wrong: its problems, a line each, and all of them for programs. */
export class InvalidProfile extends InvalidInput {
  readonly problems: readonly ProfileProblem[];

  constructor(problems: readonly ProfileProblem[]) {
    const lines = problems.slice(0, MOST_LINES).map(problemText);
    const more = problems.length - lines.length;
    super(problems[0]?.code ?? 'CFG_VALUE', [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n'));
    this.problems = problems;
  }
}
