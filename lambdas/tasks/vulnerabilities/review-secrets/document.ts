import type { AcceptanceState } from '../_acceptance.ts';

/** One credential in a file; its value stands nowhere. */
export interface DocumentSecret {
  readonly target: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** What it is, such as `a GitHub token`. */
  readonly what: string;
  /** False where it may be something else. */
  readonly is_certain: boolean;
  /** What knows it again, for an acceptance in the profile. */
  readonly fingerprint: string;
  /** Against the last review of the same repository. */
  readonly change: 'new' | 'unchanged';
  /** Who has accepted it, until when and why; null where nobody has. */
  readonly accepted: { readonly until: string; readonly reason: string; readonly owner: string } | null;
}

/** One repository as it was searched. */
export interface DocumentRepository {
  readonly target: string;
  /** When its archive was written, ISO 8601; null for a folder, which has no date. */
  readonly made_at: string | null;
  readonly files_searched: number;
  /** Pictures, programs and archives, in which nothing was looked for. */
  readonly binary_files: number;
  /** Links, which lead elsewhere and were not followed. */
  readonly links: number;
  /** Folders that were left out, such as `.git` and `node_modules`. */
  readonly folders_left_out: number;
  /** Always false: what was committed once and taken out again is not looked for. */
  readonly history_searched: boolean;
}

/** The report of a day on secrets in repositories. */
export interface SecretsDocument {
  /** When the review ran, ISO 8601. */
  readonly generated_at: string;
  /** How many likely secrets nobody has accepted. */
  readonly hardcoded_secrets: number;
  /** What is different from the last review; it comes before the whole. */
  readonly differences: {
    /** False at the first review, which has nothing to be held against. */
    readonly has_earlier_review: boolean;
    readonly new: readonly string[];
    /** Fingerprints that are gone. */
    readonly fixed: readonly string[];
  };
  readonly repositories: readonly DocumentRepository[];
  /** New ones first, then those that are certain. */
  readonly secrets: readonly DocumentSecret[];
  /** What is not known, and why: nothing of it is a pass. */
  readonly unknown: readonly { readonly target: string; readonly of: string; readonly reason: string }[];
  /** Every acceptance of the profile with what became of it. */
  readonly acceptances: readonly {
    readonly fingerprint: string;
    readonly until: string;
    readonly days_left: number;
    readonly reason: string;
    readonly owner: string;
    readonly state: AcceptanceState;
  }[];
}
