import type { Json } from '../../../../core/json.ts';

/** A flaw as a page shows it. */
export type DocumentFlaw = {
  /** What an acceptance names it by. */
  readonly id: string;
  readonly topic: string;
  /** The thing that has it. */
  readonly resource: string;
  /** The region, or `global`. */
  readonly region: string;
  /** `critical`, `high`, `untriaged`, `medium`, `low` or `informational`. */
  readonly severity: string;
  /** One sentence without full stop. */
  readonly title: string;
  /** Who reported it, each with its own name and severity for it; several are one flaw and not several. */
  readonly sources: readonly {
    readonly name: string;
    readonly id: string;
    readonly severity: string;
    /** Null where it is open there. */
    readonly set_aside: string | null;
  }[];
  /** Software that has it, with the version that has it no more where that is known. */
  readonly packages: readonly {
    readonly name: string;
    readonly version: string | null;
    readonly fixed_in: string | null;
    readonly manager: string | null;
  }[];
  /** How often it was seen to happen, of threats; else null. */
  readonly times: number | null;
  /** `new`, `worse`, `better` or `unchanged` against the last audit; null in the first. */
  readonly change: string | null;
  /** When a source first saw it, or else this audit; ISO, UTC. */
  readonly first_seen_at: string;
  /** The very command that mends it; null where none does by itself. */
  readonly command: string | null;
};

/** A flaw that is gone from sight, as it was last seen. */
export type DocumentGoneFlaw = {
  readonly id: string;
  readonly topic: string;
  readonly severity: string;
  readonly title: string;
  readonly first_seen_at: string;
  readonly last_seen_at: string;
};

/** An acceptance of the profile, with what became of it. */
export type DocumentAcceptance = {
  readonly flaw: string;
  readonly until: string;
  readonly reason: string;
  readonly owner: string;
  /** `holds`, `expired`, `matches-nothing`, or `not-known` where something could not be read. */
  readonly state: string;
  /** The ids of the flaws that it is about. */
  readonly flaws: readonly string[];
};

/** The report of a month. */
export type SecurityDocument = {
  /** The day of the audit, UTC. */
  readonly audit_date: string;
  /** Security patches that wait on all machines; null where a machine or its patches are not known. */
  readonly security_updates_pending: number | null;
  /** Open flaws in packages of npm, each once for each thing that has it; null where no scanner could be read. */
  readonly npm_vulnerabilities: number | null;
  /** Guesses at passwords as GuardDuty counted them; null where it is off or could not be read in a region. */
  readonly brute_force_attempts: number | null;
  /** Null: `logs-check-unauthorised-calls` counts them. */
  readonly suspicious_api_calls: null;
  /** Null: `hosts-audit` counts them. */
  readonly world_writable_files: null;
  /** Null: `hosts-audit` counts them. */
  readonly suid_files: null;
  /** Null: `certificates-check-endpoints` probes endpoints itself and gives no grade of a third party. */
  readonly ssl_grade: null;
  /** What to do, most urgent first, one sentence each; ends with the sentence of each month. */
  readonly recommendations: readonly string[];
  /** The same day with its time, ISO, UTC. */
  readonly generated_at: string;
  /** What is otherwise than at the last audit: read this first. */
  readonly differences: {
    /** When the last audit was; null in the first. */
    readonly compared_with: string | null;
    /** Ids; all of them in the first audit. */
    readonly new: readonly string[];
    readonly worse: readonly string[];
    readonly better: readonly string[];
    /** Seen to be gone: all that had shown it was read again. */
    readonly fixed: readonly DocumentGoneFlaw[];
    /** Threats that their watcher keeps no longer though nobody put them aside: old, and not mended. */
    readonly forgotten: readonly DocumentGoneFlaw[];
    /** Not seen again because where it was could not be read: neither fixed nor confirmed. */
    readonly not_seen: readonly DocumentGoneFlaw[];
    /** Ids of flaws that the profile accepts today. */
    readonly accepted: readonly string[];
    /** Worse than when they were accepted, and so not accepted. */
    readonly accepted_and_worse: readonly string[];
  };
  /** How many open flaws there are of each severity. */
  readonly counts: Readonly<Record<string, number>>;
  /** Reports of all sources before they were joined, and flaws after it. */
  readonly merged: { readonly reports: number; readonly flaws: number };
  /** Each flaw once that is to be acted upon, worst first. */
  readonly flaws: readonly DocumentFlaw[];
  /** How many more open flaws there are than `flaws` has. */
  readonly flaws_not_listed: number;
  /** Flaws that all of their sources have put aside: suppressed or archived there. */
  readonly set_aside: readonly DocumentFlaw[];
  readonly acceptances: readonly DocumentAcceptance[];
  /** What could not be seen, each with the reason; nothing of it counts as healthy. */
  readonly not_seen: readonly {
    readonly part: string;
    readonly target: string;
    /** `unread`, `not-enabled` or `not-known`. */
    readonly why: string;
    readonly reason: string;
    /** The IAM action that it lacks; null where it is another reason. */
    readonly missing_permission: string | null;
  }[];
  /** Services that the profile leaves out. */
  readonly left_out: readonly string[];
  /** What this audit never looks at, so that nobody takes its silence for health. */
  readonly not_covered: readonly string[];
  /** What is the same in every region; null where the audit ended before it. */
  readonly account: {
    /** Null where it could not be read. */
    readonly id: string | null;
    /** Each null where the summary of the account does not say it. */
    readonly root: {
      readonly access_keys: number | null;
      readonly has_mfa: boolean | null;
      readonly has_password: boolean | null;
    };
    /** Null where the credential report could not be read. */
    readonly credential_report_at: string | null;
    /** Null as above; else each user with what they can log in by. Dates are null where it was never used. */
    readonly users:
      | readonly {
          readonly user: string;
          readonly has_password: boolean;
          readonly password_used_at: string | null;
          readonly has_mfa: boolean;
          readonly keys: readonly {
            readonly key: number;
            readonly made_at: string | null;
            readonly used_at: string | null;
          }[];
        }[]
      | null;
    /** What each user and role may use and does not; `services_granted` is null where it could not be read. */
    readonly access: readonly {
      readonly principal: string;
      readonly services_granted: number | null;
      readonly services_unused: readonly string[];
      readonly last_used_at: string | null;
    }[];
    /** Users and roles beyond the limit, which were not looked at. */
    readonly access_not_looked_at: number;
    /** Null where it could not be read. */
    readonly blocks_public_buckets: boolean | null;
    /** Null where they could not be listed; `is_public` is null where it could not be told. */
    readonly buckets: readonly { readonly bucket: string; readonly is_public: boolean | null }[] | null;
  } | null;
  /** Each region with what is in it. */
  readonly regions: readonly {
    readonly target: string;
    readonly region: string;
    /** Null where they could not be read. */
    readonly security_groups: number | null;
    /** Groups that let the world in, and how: `doors` in words. */
    readonly open_security_groups: readonly {
      readonly group: string;
      readonly name: string;
      readonly severity: string;
      readonly doors: readonly string[];
      /** What it is on; null where that could not be read. */
      readonly on: readonly string[] | null;
    }[];
    /** Snapshots and images that every account can copy. */
    readonly public_shares: readonly { readonly id: string; readonly of: string; readonly from: string }[];
    /** Each null where the service is off, left out or could not be read. */
    readonly reports: {
      readonly security_hub: number | null;
      readonly guardduty: number | null;
      readonly inspector: number | null;
    };
    /** What Inspector looks at; null as above. */
    readonly inspector_scans: readonly string[] | null;
    /** The newest images of each repository; null where ECR is left out. */
    readonly images:
      | readonly {
          readonly image: string;
          readonly digest: string;
          readonly pushed_at: string | null;
          readonly scanned_at: string | null;
          /** Null where it was scanned. */
          readonly not_scanned: string | null;
          readonly flaws: number;
        }[]
      | null;
    /** Machines with their patches; null where SSM is left out or they could not be read. */
    readonly hosts:
      | readonly {
          readonly host: string;
          readonly name: string;
          /** Null where they are not known, for the reason in `unknown`. */
          readonly security_updates: number | null;
          readonly missing: number | null;
          readonly failed: number | null;
          readonly waiting_for_reboot: number | null;
          readonly looked_at: string | null;
          readonly unknown: string | null;
        }[]
      | null;
  }[];
};

/** The compiler sees that the report is JSON through and through. */
export function asJson(document: SecurityDocument): Json {
  return document;
}
