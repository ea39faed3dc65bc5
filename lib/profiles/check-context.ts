import type { TasksByName } from './entry-schema.ts';
import type { Path } from './problem.ts';
import type { ProcedureSettings } from './schema.ts';

/** What the checks of a profile need besides the profile. */
export interface CheckContext {
  readonly catalogue: TasksByName;
  /** The procedure of a profile that has none; absent where `platforms/default.yaml` could not be read. */
  readonly defaultDaily: ProcedureSettings | undefined;
  readonly now: Date;
  /** Whether the schema had nothing against the thing at this path, what is in it and what it is in. */
  readonly isSound: (path: Path) => boolean;
}
